using System.Collections.Immutable;
using Metering.Platform.Identifiers;
using Metering.Subscriptions.Plans;
using NodaTime;

namespace Metering.Subscriptions.Entitlements;

/// <summary>An entitlement as the API shows it; what its type does not have is left out.</summary>
/// <param name="SubjectKey">Of version 1, which knows no customers.</param>
/// <param name="Origin">Additive: <c>subscription</c> when a plan entitles, else <c>customer</c>.</param>
/// <param name="RateLimits">Additive, as <paramref name="RequestLimits"/>: left out when there are none.</param>
internal sealed record EntitlementView(
    string Id,
    string Type,
    string FeatureKey,
    string FeatureId,
    string? CustomerId,
    string? CustomerKey,
    string? SubjectKey,
    string? Config,
    bool? IsSoftLimit,
    bool? IsUnlimited,
    bool? PreserveOverageAtReset,
    decimal? IssueAfterReset,
    int? IssueAfterResetPriority,
    IssueBody? Issue,
    RecurringPeriodView? UsagePeriod,
    PeriodSpan? CurrentUsagePeriod,
    Instant? MeasureUsageFrom,
    Instant? LastReset,
    Instant ActiveFrom,
    Instant? ActiveTo,
    ImmutableSortedDictionary<string, string>? Metadata,
    ImmutableSortedDictionary<string, string>? Annotations,
    string Origin,
    Instant CreatedAt,
    Instant UpdatedAt,
    Instant? DeletedAt,
    ImmutableArray<RateLimitBody>? RateLimits,
    RequestLimitsBody? RequestLimits)
{
    /// <param name="periods">Null when it has no usage periods.</param>
    /// <param name="subjectKey">Null: as version 2 shows it.</param>
    public static EntitlementView Of(EntitlementRow row, EntitlementPeriods? periods, string? subjectKey, Instant now)
    {
        var at = Instant.Max(now, row.ActiveFrom);
        var version2 = subjectKey is null;
        var issues = row.IsMetered && row.Allowance > 0m;
        return new EntitlementView(
            PublicId.Format(row.Id), row.Kind, row.FeatureKey, PublicId.Format(row.FeatureId),
            version2 ? PublicId.Format(row.CustomerId) : null, version2 ? row.CustomerKey : null, subjectKey, row.Config,
            row.IsMetered ? row.Soft : null, row.IsMetered && !version2 ? false : null, row.IsMetered ? row.PreserveOverage : null,
            issues ? row.Allowance : null, issues ? row.IssuePriority : null,
            issues && version2 ? new IssueBody(row.Allowance, row.IssuePriority) : null,
            periods is null ? null : RecurringPeriodView.Of(row.UsagePeriod!, periods.CalendarAt(at).Anchor),
            periods is null ? null : PeriodSpan.Of(periods.PeriodAt(at)),
            row.IsMetered ? row.MeasuredFrom : null, row.IsMetered ? periods?.LastResetAt(at) : null, row.ActiveFrom, row.ActiveTo,
            Wire.Metadata.ParseOrNull(row.Metadata), AnnotationsOf(row), row.Origin, row.CreatedAt, row.UpdatedAt, row.DeletedAt,
            Wire.Metadata.FromJson<ImmutableArray<RateLimitBody>>(row.RateLimits) is { IsEmpty: false } rates ? rates : null,
            Wire.Metadata.FromJson<RequestLimitsBody>(row.RequestLimits) is var limits && limits != RequestLimitsBody.None ? limits : null);
    }

    private static ImmutableSortedDictionary<string, string>? AnnotationsOf(EntitlementRow row) => row.SubscriptionId is { } subscription
        ? ImmutableSortedDictionary.CreateRange(StringComparer.Ordinal,
        [
            KeyValuePair.Create("subscription.id", PublicId.Format(subscription)),
            KeyValuePair.Create("subscription.managed", "true"),
        ])
        : null;
}

internal sealed record PeriodSpan(Instant From, Instant To)
{
    public static PeriodSpan Of(Rating.ServicePeriod period) => new(period.Start, period.End);
}
