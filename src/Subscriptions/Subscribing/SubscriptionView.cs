using System.Collections.Immutable;
using System.Text.Json.Serialization;
using Metering.Rating;
using Metering.Subscriptions.Plans;
using NodaTime;

namespace Metering.Subscriptions.Subscribing;

/// <summary>A subscription as the API shows it; with phases when one is asked for.</summary>
internal sealed record SubscriptionView(
    string Id,
    string Name,
    string? Description,
    string Status,
    string CustomerId,
    PlanReferenceView Plan,
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

internal sealed record SubscriptionPhaseView(
    string Id,
    string Key,
    string Name,
    Instant ActiveFrom,
    Instant? ActiveTo,
    Instant CreatedAt,
    Instant UpdatedAt,
    ImmutableArray<SubscriptionItemView> Items,
    ImmutableSortedDictionary<string, ImmutableArray<SubscriptionItemView>> ItemTimelines);

/// <param name="EntitlementId">Absent when the item entitles to nothing.</param>
internal sealed record SubscriptionItemView(
    string Id,
    string Key,
    string Name,
    string? FeatureKey,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] string? BillingCadence,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] PriceBody? Price,
    DiscountsBody? Discounts,
    string Currency,
    string? EntitlementId,
    Instant ActiveFrom,
    Instant? ActiveTo,
    Instant CreatedAt,
    Instant UpdatedAt);
