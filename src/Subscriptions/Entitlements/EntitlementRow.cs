using Metering.Platform.Database;
using Metering.Platform.Identifiers;
using Metering.Subscriptions.Features;
using NodaTime;

namespace Metering.Subscriptions.Entitlements;

/// <summary>What a customer is entitled to, as stored, whoever gave it.</summary>
/// <param name="Allowance">What the entitlement itself grants after each reset; 0 when it grants nothing.</param>
/// <param name="Anchor">Usage periods are counted from here until a turn says otherwise; null when there are none.</param>
/// <param name="MeasuredFrom">Usage before it does not count.</param>
/// <param name="TimeZone">In which usage periods are counted until a turn says otherwise.</param>
/// <param name="Origin">Who gave it: a subscription, or the customer's own entitlement.</param>
internal sealed record EntitlementRow(
    Guid Id,
    Guid CustomerId,
    string? CustomerKey,
    Guid? SubscriptionId,
    Guid? ItemId,
    Guid FeatureId,
    string FeatureKey,
    string? MeterSlug,
    string? MeterFilters,
    string? EventType,
    string? Aggregation,
    string Kind,
    string? Config,
    bool Soft,
    decimal Allowance,
    int IssuePriority,
    bool PreserveOverage,
    string? UsagePeriod,
    Instant? Anchor,
    Instant MeasuredFrom,
    string TimeZone,
    string RateLimits,
    string RequestLimits,
    string Origin,
    string Metadata,
    Instant ActiveFrom,
    Instant? ActiveTo,
    Instant CreatedAt,
    Instant UpdatedAt,
    Instant? DeletedAt)
{
    public const string OfSubscription = "subscription";
    public const string OfCustomer = "customer";

    /// <summary>Completed by a where clause on <c>e</c> and <c>c</c>.</summary>
    public const string SelectSql = """
        select e.id, e.customer_id as customerId, c.key as customerKey, e.subscription_id as subscriptionId, e.item_id as itemId,
               e.feature_id as featureId, e.feature_key as featureKey, f.meter_slug as meterSlug,
               f.meter_filters::text as meterFilters, f.event_type as eventType,
               f.aggregation, e.kind, e.config, e.soft, trim_scale(e.allowance) as allowance, e.issue_priority as issuePriority,
               e.preserve_overage as preserveOverage, e.usage_period as usagePeriod, e.anchor, e.measured_from as measuredFrom,
               e.time_zone as timeZone, e.rate_limits::text as rateLimits,
               e.request_limits::text as requestLimits, e.origin, e.metadata::text as metadata,
               e.active_from as activeFrom, e.active_to as activeTo, e.created_at as createdAt, e.updated_at as updatedAt,
               e.deleted_at as deletedAt
        from subscriptions.entitlement e
        join subscriptions.customer c on c.id = e.customer_id
        join subscriptions.feature f on f.id = e.feature_id
        """;

    private const string ByIdsSql = SelectSql + " where e.id = any(@ids) and c.deleted_at is null order by e.id";

    private const string ByIdSql = SelectSql + " where e.id = @id";

    // At most one per feature: entitlements to one feature do not overlap.
    private const string ActiveSql = SelectSql + """
         where e.customer_id = @customerId
          and e.active_from <= @at
          and (e.active_to is null or e.active_to > @at)
        order by e.feature_key, e.active_from desc, e.id
        """;

    public bool IsMetered => Kind == "metered";

    /// <summary>Whose usage counts, whoever's; only when <see cref="IsMetered"/>.</summary>
    public FeatureMeter Meter => FeatureMeter.Of(MeterSlug, MeterFilters)!;

    /// <summary>A meter that tells a level; one that adds up can be counted unit by unit.</summary>
    public bool IsGauge => IsMetered && Aggregation is not ("Sum" or "Count");

    public bool IsOfSubscription => Origin == OfSubscription;

    public static Task<IReadOnlyList<EntitlementRow>> FindAllAsync(DbSession session, Guid[] ids, CancellationToken cancellationToken) =>
        session.QueryAsync<EntitlementRow>(ByIdsSql, new { ids }, cancellationToken);

    public static Task<EntitlementRow?> FindAsync(DbSession session, Guid id, CancellationToken cancellationToken) =>
        session.FirstOrNoneAsync<EntitlementRow>(ByIdSql, new { id }, cancellationToken);

    public static Task<IReadOnlyList<EntitlementRow>> ActiveAsync(
        DbSession session, Guid customerId, Instant at, CancellationToken cancellationToken) =>
        session.QueryAsync<EntitlementRow>(ActiveSql, new { customerId, at }, cancellationToken);

    /// <summary>Of one customer, by id whenever it was active, or by feature key the one that is active at an instant.</summary>
    public static async Task<EntitlementRow?> FindOfCustomerAsync(
        DbSession session, Guid customerId, string idOrFeatureKey, Instant at, CancellationToken cancellationToken)
    {
        if (PublicId.TryParse(idOrFeatureKey, out var id)
            && await FindAsync(session, id, cancellationToken) is { } byId && byId.CustomerId == customerId)
        {
            return byId;
        }

        return (await ActiveAsync(session, customerId, at, cancellationToken)).FirstOrDefault(row => row.FeatureKey == idOrFeatureKey);
    }

    /// <summary>
    /// Locks the row: nobody issues a grant, opens a pool or means to keep a snapshot until the transaction ends. Rows that refer to it may
    /// change meanwhile; a stronger lock would wait for exchanges that hold a pool, and they for it.
    /// </summary>
    public static Task LockAsync(DbSession session, Guid id, CancellationToken cancellationToken) =>
        session.ExecuteAsync("select id from subscriptions.entitlement where id = @id for no key update", new { id }, cancellationToken);

    public bool IsActiveAt(Instant instant) => ActiveFrom <= instant && !(ActiveTo <= instant);
}
