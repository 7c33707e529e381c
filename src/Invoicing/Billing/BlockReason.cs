using System.Collections.Immutable;
using System.Text.Json.Serialization;
using Metering.Platform.Http;
using Metering.Rating;
using NodaTime;

namespace Metering.Invoicing.Billing;

/// <summary>Why a period cannot be closed: usage that was metered and that has no price.</summary>
/// <param name="Code">One of the constants here.</param>
/// <param name="Dimensions">The values that have no price; an event without the property is told as an empty text.</param>
/// <param name="Quantity">How much was metered of it.</param>
public sealed record BlockReason(
    string Code,
    string RateCardKey,
    string Name,
    string? FeatureKey,
    string? MeterSlug,
    Instant PeriodFrom,
    Instant PeriodTo,
    ImmutableSortedDictionary<string, string> Dimensions,
    [property: JsonConverter(typeof(NumericConverter))] decimal Quantity)
{
    /// <summary>A combination of dimension values without a cell and without a default.</summary>
    public const string UnpricedUsage = "unpriced_usage";

    /// <summary>Events took amounts back where each event is a transaction with a fee of its own.</summary>
    public const string NegativeTransaction = "negative_transaction";

    internal static BlockReason TakenBack(PlannedLine plan, decimal amount) =>
        Of(NegativeTransaction, plan, ImmutableSortedDictionary<string, string>.Empty, amount);

    internal static BlockReason Unpriced(PlannedLine plan, ImmutableArray<string> dimensions, UsageGroup group) => Of(
        UnpricedUsage, plan,
        dimensions.Zip(group.Values).ToImmutableSortedDictionary(pair => pair.First, pair => pair.Second, StringComparer.Ordinal),
        group.Usage.Quantity);

    private static BlockReason Of(string code, PlannedLine plan, ImmutableSortedDictionary<string, string> dimensions, decimal quantity) => new(
        code, plan.RateCard.Key, plan.RateCard.Name, plan.RateCard.FeatureKey, plan.RateCard.MeterSlug, plan.Period.Billed.Start,
        plan.Period.Billed.End, dimensions, quantity);
}
