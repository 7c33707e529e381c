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
    ImmutableSortedDictionary<string, string>? Metadata = null,
    CommitmentBody? Commitment = null);

/// <param name="MinimumSpend">The least that a full billing period costs over all rate cards, in major units.</param>
internal sealed record CommitmentBody([property: JsonConverter(typeof(NumericConverter))] decimal MinimumSpend);

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
/// <param name="UnitConfig">Turns metered units into those that are priced.</param>
/// <param name="UnitCost">What a priced unit costs the seller, to be warned of losses; customers never see it.</param>
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
    ImmutableSortedDictionary<string, string>? Metadata = null,
    UnitConfigBody? UnitConfig = null,
    [property: JsonConverter(typeof(NumericConverter))] decimal? UnitCost = null,
    TaxConfigBody? TaxConfig = null);

/// <summary>OpenMeter's conversion of units, in camelCase as everything in a plan.</summary>
/// <param name="Operation"><c>divide</c> or <c>multiply</c>.</param>
/// <param name="Rounding"><c>none</c> when absent, <c>ceiling</c>, <c>floor</c> or <c>half_up</c>.</param>
/// <param name="Precision">To how many decimals is rounded; 0 when absent.</param>
/// <param name="DisplayUnit">What a converted unit is called on documents: <c>million requests</c>.</param>
internal sealed record UnitConfigBody(
    string Operation,
    [property: JsonConverter(typeof(NumericConverter))] decimal ConversionFactor,
    string? Rounding = null,
    int? Precision = null,
    string? DisplayUnit = null);

internal sealed record DiscountsBody(PercentageDiscountBody? Percentage = null, UsageDiscountBody? Usage = null);

internal sealed record PercentageDiscountBody(decimal Percentage);

internal sealed record UsageDiscountBody([property: JsonConverter(typeof(NumericConverter))] decimal Quantity);

/// <param name="Type"><c>boolean</c>, <c>static</c> or <c>metered</c>.</param>
/// <param name="Config">Static only: JSON text.</param>
/// <param name="IssueAfterReset">Metered only: what is held after each reset; absent is nothing.</param>
/// <param name="IssueAfterResetPriority">Metered only: the lower is burnt first.</param>
/// <param name="UsagePeriod">Metered only: ISO 8601; the card's billing cadence, or else the plan's, when absent.</param>
/// <param name="RateLimits">Boolean and metered: how fast requests to the feature may come.</param>
/// <param name="RequestLimits">Boolean and metered: how large a request may be, and how many may be in flight.</param>
internal sealed record EntitlementTemplateBody(
    string Type,
    string? Config = null,
    bool? IsSoftLimit = null,
    decimal? IssueAfterReset = null,
    int? IssueAfterResetPriority = null,
    bool? PreserveOverageAtReset = null,
    string? UsagePeriod = null,
    ImmutableArray<RateLimitBody>? RateLimits = null,
    ImmutableSortedDictionary<string, string>? Metadata = null,
    RequestLimitsBody? RequestLimits = null);
