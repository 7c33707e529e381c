using NodaTime;

namespace Metering.Contracts.Sidecar;

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
