using Metering.Platform.Database;
using Metering.Rating;
using Metering.Subscriptions.Plans;
using Metering.Subscriptions.Wire;
using NodaTime;

namespace Metering.Subscriptions.Entitlements;

/// <summary>What one item of a subscription entitles its customer to, and when.</summary>
internal sealed record PlannedEntitlement(
    Guid ItemId,
    Guid SubscriptionId,
    Guid FeatureId,
    string FeatureKey,
    string? Aggregation,
    string Overlap,
    Instant ActiveFrom,
    Instant? ActiveTo,
    string RateCard,
    string BillingCadence,
    Instant BillingAnchor,
    string TimeZone)
{
    // A subscription's own end cuts what lies behind it.
    private const string OfCustomerSql = """
        select i.id as itemId, s.id as subscriptionId, f.id as featureId, f.key as featureKey, f.aggregation, f.overlap,
               h.active_from as activeFrom, least(h.active_to, s.active_to) as activeTo, i.rate_card::text as rateCard,
               s.billing_cadence as billingCadence, s.billing_anchor as billingAnchor, c.time_zone as timeZone
        from subscriptions.subscription s
        join subscriptions.customer c on c.id = s.customer_id
        join subscriptions.subscription_phase h on h.subscription_id = s.id
        join subscriptions.subscription_item i on i.phase_id = h.id
        join subscriptions.feature f on f.id = i.feature_id
        where s.customer_id = @customerId
          and i.rate_card -> 'entitlementTemplate' is not null
          and (least(h.active_to, s.active_to) is null or least(h.active_to, s.active_to) > h.active_from)
        order by h.active_from, i.id
        """;

    public EntitlementTemplateBody Template { get; } = Metadata.FromJson<RateCardBody>(RateCard).EntitlementTemplate!;

    public bool IsMetered => Template.Type == "metered";

    public decimal Allowance => Template.IssueAfterReset ?? 0m;

    public string? UsagePeriod => IsMetered ? Template.UsagePeriod ?? Metadata.FromJson<RateCardBody>(RateCard).BillingCadence ?? BillingCadence : null;

    /// <summary>Where its periods begin in a zone; null when nothing is metered.</summary>
    public BillingCalendar? Calendar => UsagePeriod is { } period
        ? QuotaCalendar.Of(Cadence.Parse(period), BillingAnchor, DateTimeZoneProviders.Tzdb[TimeZone])
        : null;

    public static Task<IReadOnlyList<PlannedEntitlement>> OfCustomerAsync(
        DbSession session, Guid customerId, CancellationToken cancellationToken) =>
        session.QueryAsync<PlannedEntitlement>(OfCustomerSql, new { customerId }, cancellationToken);
}
