using System.Collections.Immutable;
using Metering.Ingest.Usage;
using Metering.Platform.Database;
using Metering.Platform.Http;
using Metering.Platform.Problems;
using Metering.Platform.Security;
using Metering.Rating;
using Metering.Subscriptions.Entitlements.Balances;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using NodaTime;

namespace Metering.Subscriptions.Entitlements;

/// <summary>
/// <c>GET …/entitlements/{entitlementIdOrFeatureKey}/history</c>: how grants were burnt, phase by phase, and the usage of windows with the
/// balance that each began with.
/// </summary>
internal sealed class GetEntitlementHistory(MeteringDatabase database, BalanceReader balances, WindowedBalances windows, IClock clock)
{
    private const int MaxSegments = 10_000;

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/api/v2/customers/{customerIdOrKey}/entitlements/{entitlementIdOrFeatureKey}/history", (
            string customerIdOrKey, string entitlementIdOrFeatureKey, string? windowSize, string? from, string? to, string? windowTimeZone,
            GetEntitlementHistory slice, CancellationToken cancellationToken) => slice.GetAsync(
                EntitlementOwner.Customer(customerIdOrKey), entitlementIdOrFeatureKey, new HistoryQuery(windowSize, from, to, windowTimeZone),
                cancellationToken)).RequireScope(Scope.CustomersRead)
            .WithName("getCustomerEntitlementHistoryV2").WithSummary("Read how a balance came about").Produces<HistoryView>();
        routes.MapGet("/api/v1/subjects/{subjectIdOrKey}/entitlements/{entitlementId}/history", (
            string subjectIdOrKey, string entitlementId, string? windowSize, string? from, string? to, string? windowTimeZone,
            GetEntitlementHistory slice, CancellationToken cancellationToken) => slice.GetAsync(
                EntitlementOwner.Subject(subjectIdOrKey), entitlementId, new HistoryQuery(windowSize, from, to, windowTimeZone), cancellationToken))
            .RequireScope(Scope.CustomersRead)
            .WithName("getEntitlementHistory").WithSummary("Read how the balance of a subject's entitlement came about")
            .Produces<HistoryView>();
    }

    private async Task<IResult> GetAsync(EntitlementOwner owner, string idOrFeatureKey, HistoryQuery query, CancellationToken cancellationToken)
    {
        if (query.Check() is { } wrong)
        {
            return Problem.Invalid(wrong);
        }

        var now = clock.GetCurrentInstant();
        await using var session = await database.OpenAsync(cancellationToken);
        var (row, notFound) = await owner.EntitlementAsync(session, idOrFeatureKey, now, cancellationToken);
        if (row is null)
        {
            return notFound!;
        }

        if (!row.IsMetered || row.IsGauge)
        {
            return Problem.Of(
                ProblemType.InvalidRequest, row.IsGauge ? "A level burns nothing; query its meter." : "The entitlement is not metered.");
        }

        var account = await BalanceAccount.LoadAsync(session, row, cancellationToken);
        var to = query.ToInstant ?? now;
        var from = Instant.Max(query.FromInstant ?? account.Periods.LastResetAt(Instant.Min(now, to)), row.MeasuredFrom);
        if (from >= to)
        {
            return Results.Ok(new HistoryView([], []));
        }

        if ((to - from) / query.WindowLength > UsageReader.MaxRows)
        {
            return Problem.Invalid("?windowSize", "too_fine", $"At most {UsageReader.MaxRows} windows; ask for less time or larger windows.");
        }

        var course = await balances.CourseAsync(session, account, from, to, cancellationToken);
        if (course.Segments.Length > MaxSegments)
        {
            return Problem.Invalid("?from", "too_fine", $"Grants changed more than {MaxSegments} times in between; ask for less time.");
        }

        var windowed = await windows.OfAsync(account, course.Segments, query.Window, query.Zone, cancellationToken);
        return Results.Ok(new HistoryView(windowed, [.. course.Segments.Select(SegmentView.Of)]));
    }

    /// <summary>The parts of the query as they were written.</summary>
    private sealed record HistoryQuery(string? WindowSize, string? From, string? To, string? WindowTimeZone)
    {
        public Instant? FromInstant => From is not null && InstantConverter.TryParse(From, out var at) ? at : null;

        public Instant? ToInstant => To is not null && InstantConverter.TryParse(To, out var at) ? at : null;

        public DateTimeZone Zone => DateTimeZoneProviders.Tzdb[WindowTimeZone ?? "UTC"];

        public UsageWindow Window => Enum.Parse<UsageWindow>(WindowSize!, ignoreCase: true);

        /// <summary>The shortest that such a window is.</summary>
        public Duration WindowLength => Window switch
        {
            UsageWindow.Minute => Duration.FromMinutes(1),
            UsageWindow.Hour => Duration.FromHours(1),
            UsageWindow.Day => Duration.FromHours(23),
            UsageWindow.Month => Duration.FromDays(27),
        };

        public FieldError? Check() =>
            WindowSize is null ? new FieldError("?windowSize", "required", "A window is MINUTE, HOUR, DAY or MONTH.")
            : WindowSize is not ("MINUTE" or "HOUR" or "DAY" or "MONTH")
                ? new FieldError("?windowSize", "unknown_window", "A window is MINUTE, HOUR, DAY or MONTH.")
            : From is not null && FromInstant is null ? new FieldError("?from", "invalid_time", InstantConverter.Expected)
            : To is not null && ToInstant is null ? new FieldError("?to", "invalid_time", InstantConverter.Expected)
            : ToInstant <= FromInstant ? new FieldError("?to", "out_of_range", "The end is after the beginning.")
            : WindowTimeZone is not null && DateTimeZoneProviders.Tzdb.GetZoneOrNull(WindowTimeZone) is null
                ? new FieldError("?windowTimeZone", "unknown_time_zone", "A time zone is a name of the IANA database, such as Europe/Berlin.")
            : null;
    }

    private sealed record HistoryView(ImmutableArray<BalanceWindow> WindowedHistory, ImmutableArray<SegmentView> BurndownHistory);

    private sealed record GrantUsageView(string GrantId, decimal Usage);

    private sealed record SegmentView(
        PeriodSpan Period,
        decimal Usage,
        decimal Overage,
        decimal BalanceAtStart,
        ImmutableSortedDictionary<string, decimal> GrantBalancesAtStart,
        decimal BalanceAtEnd,
        ImmutableSortedDictionary<string, decimal> GrantBalancesAtEnd,
        ImmutableArray<GrantUsageView> GrantUsages)
    {
        public static SegmentView Of(BurnSegment segment) => new(
            PeriodSpan.Of(segment.Period), segment.Usage, segment.OverageAtEnd, segment.BalanceAtStart,
            segment.Grants.ToImmutableSortedDictionary(grant => grant.GrantId, grant => grant.BalanceAtStart, StringComparer.Ordinal),
            segment.BalanceAtEnd,
            segment.Grants.ToImmutableSortedDictionary(grant => grant.GrantId, grant => grant.BalanceAtEnd, StringComparer.Ordinal),
            [.. segment.Grants.Where(grant => grant.Used > 0m).Select(grant => new GrantUsageView(grant.GrantId, grant.Used))]);
    }
}
