using System.Collections.Immutable;
using System.Text.Json.Serialization;
using NodaTime;

namespace Metering.Contracts.Sidecar;

/// <summary>
/// Reports what was spent and asks for more, in one call (<c>POST /api/v1/sidecar/leases</c>). Safe to repeat:
/// reports state totals, not increments, and the sidecar names the leases it asks for.
/// </summary>
/// <param name="SidecarId">Stable over restarts.</param>
/// <param name="Reports">Applied first, in order.</param>
/// <param name="Requests">Applied after the reports, in order.</param>
public sealed record LeaseExchangeRequest(string SidecarId, ImmutableArray<LeaseReport> Reports, ImmutableArray<LeaseRequest> Requests);

/// <summary>How much of a lease has been spent so far.</summary>
/// <param name="LeaseId">26-character id chosen by the sidecar.</param>
/// <param name="Spent">Total spent since the lease was granted; never falls.</param>
/// <param name="Close">True to give back the rest; a closed lease can not be spent from again.</param>
public sealed record LeaseReport(string LeaseId, long Spent, bool Close);

/// <summary>Asks for units of a metered entitlement.</summary>
/// <param name="LeaseId">A new 26-character id; asking again under the same id returns the first answer.</param>
/// <param name="EntitlementId">Whose units.</param>
/// <param name="Wanted">What the sidecar would like, at least <paramref name="Needed"/>; the server may grant less.</param>
/// <param name="Needed">What a request is waiting for right now (0 for a refill ahead of need): below it the answer is Exhausted.</param>
public sealed record LeaseRequest(string LeaseId, string EntitlementId, long Wanted, long Needed);

/// <summary>The answers, in the order of the reports and requests.</summary>
public sealed record LeaseExchangeResponse(ImmutableArray<ReportAnswer> Reports, ImmutableArray<LeaseAnswer> Leases);

/// <summary>What became of one report.</summary>
public sealed record ReportAnswer(string LeaseId, ReportOutcome Outcome);

/// <summary>In order of precedence.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<ReportOutcome>))]
public enum ReportOutcome
{
    /// <summary>No such lease of this sidecar.</summary>
    Unknown,

    /// <summary>The lease was closed before with the same total.</summary>
    AlreadyClosed,

    /// <summary>The total is above what was granted or below what was reported before; nothing changed.</summary>
    OutOfRange,

    /// <summary>Recorded.</summary>
    Recorded,
}

/// <summary>What became of one request for units.</summary>
/// <param name="LeaseId">As asked.</param>
/// <param name="EntitlementId">As asked.</param>
/// <param name="Outcome">Whether anything may be spent.</param>
/// <param name="Granted">Units that may be spent; 0 unless granted.</param>
/// <param name="PeriodStart">Inclusive; spending outside the period is forbidden. Null when the entitlement is unknown.</param>
/// <param name="PeriodEnd">Exclusive; when the quota resets. Null when the entitlement is unknown.</param>
/// <param name="Limit">The period's whole limit.</param>
/// <param name="Free">Units that no lease holds and nobody has used, after this grant; below 0 when a soft limit is passed.</param>
/// <param name="TtlMilliseconds">
/// How long the lease may be spent from, counted by the sidecar's monotonic clock from the moment it sent the request.
/// </param>
public sealed record LeaseAnswer(
    string LeaseId,
    string EntitlementId,
    LeaseOutcome Outcome,
    long Granted,
    Instant? PeriodStart,
    Instant? PeriodEnd,
    long Limit,
    long Free,
    int TtlMilliseconds);

/// <summary>In order of precedence.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<LeaseOutcome>))]
public enum LeaseOutcome
{
    /// <summary>No such metered entitlement, or it is not active now.</summary>
    Unknown,

    /// <summary>Less than what is needed is free in this period.</summary>
    Exhausted,

    /// <summary>Units are held for the sidecar.</summary>
    Granted,
}
