using System.Collections.Immutable;
using System.Text.Json.Serialization;
using Metering.Rating;
using Metering.Subscriptions.Features;
using Metering.Subscriptions.Plans;
using NodaTime;

namespace Metering.Subscriptions.Subscribing;

/// <summary>A subscription as the API shows it; with phases when one is asked for.</summary>
/// <param name="Plan">Absent when the plan was written for this subscription alone.</param>
/// <param name="BillingAnchor">The start of the billing period in which the subscription starts.</param>
internal sealed record SubscriptionView(
    string Id,
    string Name,
    string? Description,
    string Status,
    string CustomerId,
    PlanReferenceView? Plan,
    string Currency,
    string BillingCadence,
    Instant BillingAnchor,
    ProRatingBody ProRatingConfig,
    string SettlementMode,
    string CostBasisMode,
    ImmutableArray<string> CostBasisPins,
    Instant ActiveFrom,
    Instant? ActiveTo,
    AlignmentView? Alignment,
    ImmutableSortedDictionary<string, string>? Metadata,
    Instant CreatedAt,
    Instant UpdatedAt,
    ImmutableArray<SubscriptionPhaseView>? Phases);

internal sealed record PlanReferenceView(string Id, string Key, int Version);

internal sealed record AlignmentView(PeriodView CurrentAlignedBillingPeriod);

internal sealed record PeriodView(Instant From, Instant To)
{
    public static PeriodView Of(ServicePeriod period) => new(period.Start, period.End);
}

/// <param name="Items">What is sold at the instant of the view; of a phase that is over what was sold last, of one to come the first.</param>
/// <param name="ItemTimelines">By key, every item there was, is and will be, in order of time.</param>
internal sealed record SubscriptionPhaseView(
    string Id,
    string Key,
    string Name,
    string? Description,
    Instant ActiveFrom,
    Instant? ActiveTo,
    Instant CreatedAt,
    Instant UpdatedAt,
    ImmutableArray<SubscriptionItemView> Items,
    ImmutableSortedDictionary<string, ImmutableArray<SubscriptionItemView>> ItemTimelines);

/// <param name="Included">Absent when the item belongs to no feature.</param>
/// <param name="EntitlementId">Absent when the item entitles to nothing.</param>
internal sealed record SubscriptionItemView(
    string Id,
    string Key,
    string Name,
    string? Description,
    string? FeatureKey,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] string? BillingCadence,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] PriceBody? Price,
    DiscountsBody? Discounts,
    TaxConfigBody? TaxConfig,
    string Currency,
    IncludedView? Included,
    string? EntitlementId,
    Instant ActiveFrom,
    Instant? ActiveTo,
    ImmutableSortedDictionary<string, string>? Metadata,
    Instant CreatedAt,
    Instant UpdatedAt);

/// <summary>What access comes with an item.</summary>
internal sealed record IncludedView(FeatureView Feature);
