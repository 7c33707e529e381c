using System.Collections.Immutable;
using System.Text.Json.Serialization;
using Metering.Platform.Http;

namespace Metering.Subscriptions.Plans;

/// <summary>A plan as its author writes it: OpenMeter's shape. <c>schemas/plan.v1.json</c> describes the same for editors.</summary>
internal sealed record PlanBody(
    string Name,
    string Key,
    string Currency,
    string BillingCadence,
    ImmutableArray<PhaseBody> Phases,
    string? Description = null,
    ProRatingBody? ProRatingConfig = null,
    string? SettlementMode = null,
    ImmutableSortedDictionary<string, string>? Metadata = null);

/// <param name="Mode">Always <c>prorate_prices</c>.</param>
internal sealed record ProRatingBody(bool Enabled, string Mode);

/// <param name="Duration">ISO 8601; null for the last phase, which stays open.</param>
internal sealed record PhaseBody(
    string Key,
    string Name,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] string? Duration,
    ImmutableArray<RateCardBody> RateCards,
    string? Description = null,
    ImmutableSortedDictionary<string, string>? Metadata = null);

/// <param name="Type"><c>flat_fee</c> or <c>usage_based</c>.</param>
/// <param name="BillingCadence">Null for a flat fee that is charged once.</param>
/// <param name="Price">Null when the card costs nothing.</param>
internal sealed record RateCardBody(
    string Type,
    string Key,
    string Name,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] string? BillingCadence,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] PriceBody? Price,
    string? FeatureKey = null,
    EntitlementTemplateBody? EntitlementTemplate = null,
    DiscountsBody? Discounts = null,
    string? Description = null,
    ImmutableSortedDictionary<string, string>? Metadata = null);

/// <summary>Which fields a price has depends on its type; <see cref="PriceTerms"/> refuses the others.</summary>
/// <param name="Type"><c>flat</c>, <c>unit</c>, <c>tiered</c> or <c>package</c>.</param>
internal sealed record PriceBody(
    string Type,
    [property: JsonConverter(typeof(NumericConverter))] decimal? Amount = null,
    string? PaymentTerm = null,
    string? Mode = null,
    ImmutableArray<TierBody>? Tiers = null,
    [property: JsonConverter(typeof(NumericConverter))] decimal? QuantityPerPackage = null,
    [property: JsonConverter(typeof(NumericConverter))] decimal? MinimumAmount = null,
    [property: JsonConverter(typeof(NumericConverter))] decimal? MaximumAmount = null);

/// <param name="UpToAmount">Included; absent for the last tier.</param>
internal sealed record TierBody(
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] TierPriceBody? FlatPrice,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] TierPriceBody? UnitPrice,
    [property: JsonConverter(typeof(NumericConverter))] decimal? UpToAmount = null);

/// <param name="Type"><c>flat</c> or <c>unit</c>, as the field that holds it says.</param>
internal sealed record TierPriceBody(string Type, [property: JsonConverter(typeof(NumericConverter))] decimal Amount);

internal sealed record DiscountsBody(PercentageDiscountBody? Percentage = null, UsageDiscountBody? Usage = null);

internal sealed record PercentageDiscountBody(decimal Percentage);

internal sealed record UsageDiscountBody([property: JsonConverter(typeof(NumericConverter))] decimal Quantity);

/// <param name="Type"><c>boolean</c>, <c>static</c> or <c>metered</c>.</param>
/// <param name="Config">Static only: JSON text.</param>
/// <param name="IssueAfterReset">Metered only: what is held after each reset; absent is nothing.</param>
/// <param name="IssueAfterResetPriority">Metered only: the lower is burnt first.</param>
/// <param name="UsagePeriod">Metered only: ISO 8601; the card's billing cadence, or else the plan's, when absent.</param>
/// <param name="RateLimits">Boolean and metered: how fast requests to the feature may come.</param>
internal sealed record EntitlementTemplateBody(
    string Type,
    string? Config = null,
    bool? IsSoftLimit = null,
    decimal? IssueAfterReset = null,
    int? IssueAfterResetPriority = null,
    bool? PreserveOverageAtReset = null,
    string? UsagePeriod = null,
    ImmutableArray<RateLimitBody>? RateLimits = null,
    ImmutableSortedDictionary<string, string>? Metadata = null);

/// <param name="Per">ISO 8601 in seconds, minutes or hours: <c>PT1M</c>.</param>
/// <param name="Burst">How many at once; <paramref name="Limit"/> when absent.</param>
internal sealed record RateLimitBody(long Limit, string Per, long? Burst = null);
