using Metering.Platform.Database;
using Metering.Rating;
using NodaTime;

namespace Metering.Subscriptions.Access;

/// <summary>What a subscription item entitles its customer to, with what is needed to find its periods.</summary>
/// <param name="ActiveTo">The phase's end or the subscription's, whichever is earlier.</param>
internal sealed record EntitlementRow(
    Guid Id,
    Guid CustomerId,
    string FeatureKey,
    string? MeterSlug,
    string? EventType,
    string Kind,
    string? Config,
    bool Soft,
    long Allowance,
    string? UsagePeriod,
    string RateLimits,
    Instant ActiveFrom,
    Instant? ActiveTo,
    Instant BillingAnchor,
    string TimeZone)
{
    /// <summary>Completed by a where clause on <c>e</c>, <c>s</c> and <c>c</c>.</summary>
    public const string SelectSql = """
        select e.id, e.customer_id as customerId, e.feature_key as featureKey, f.meter_slug as meterSlug, f.event_type as eventType, e.kind,
               e.config, e.soft, e.allowance, e.usage_period as usagePeriod, e.rate_limits::text as rateLimits,
               e.active_from as activeFrom, least(e.active_to, s.active_to) as activeTo, s.billing_anchor as billingAnchor, c.time_zone as timeZone
        from subscriptions.entitlement e
        join subscriptions.subscription s on s.id = e.subscription_id
        join subscriptions.customer c on c.id = e.customer_id
        join subscriptions.feature f on f.id = e.feature_id
        """;

    private const string ByIdsSql = SelectSql + " where e.id = any(@ids) and c.deleted_at is null";

    // What was active at the instant: at most one per feature, because a phase entitles to a feature once and subscriptions do not overlap.
    private const string ActiveSql = SelectSql + """
         where e.customer_id = @customerId
          and e.active_from <= @at
          and (e.active_to is null or e.active_to > @at)
          and (s.active_to is null or s.active_to > @at)
        order by e.feature_key
        """;

    public bool IsMetered => Kind == "metered";

    public static Task<IReadOnlyList<EntitlementRow>> FindAllAsync(DbSession session, Guid[] ids, CancellationToken cancellationToken) =>
        session.QueryAsync<EntitlementRow>(ByIdsSql, new { ids }, cancellationToken);

    public static Task<IReadOnlyList<EntitlementRow>> ActiveAsync(
        DbSession session, Guid customerId, Instant at, CancellationToken cancellationToken) =>
        session.QueryAsync<EntitlementRow>(ActiveSql, new { customerId, at }, cancellationToken);

    public bool IsActiveAt(Instant instant) => ActiveFrom <= instant && !(ActiveTo <= instant);

    /// <summary>For metered entitlements: the quota period that contains the instant.</summary>
    public ServicePeriod PeriodAt(Instant instant) =>
        QuotaCalendar.Of(Cadence.Parse(UsagePeriod!), BillingAnchor, DateTimeZoneProviders.Tzdb[TimeZone]).PeriodContaining(instant);
}
