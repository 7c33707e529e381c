using System.Collections.Immutable;
using System.Text.Json.Serialization;
using Metering.Platform.Http;

namespace Metering.Subscriptions.Plans;

/// <summary>
/// A price as its author writes it. Which of the fields it has follows from its type; what a type needs, allows and means is said in one file
/// of <c>Prices/</c> for each.
/// </summary>
/// <param name="Type">The name of a <see cref="Prices.PriceType"/>.</param>
internal sealed record PriceBody(
    string Type,
    [property: JsonConverter(typeof(NumericConverter))] decimal? Amount = null,
    string? PaymentTerm = null,
    string? Mode = null,
    ImmutableArray<TierBody>? Tiers = null,
    string? FirstTier = null,
    [property: JsonConverter(typeof(NumericConverter))] decimal? QuantityPerPackage = null,
    [property: JsonConverter(typeof(NumericConverter))] decimal? Multiplier = null,
    [property: JsonConverter(typeof(NumericConverter))] decimal? MarkupPercentage = null,
    [property: JsonConverter(typeof(NumericConverter))] decimal? MarkupPerTransaction = null,
    [property: JsonConverter(typeof(NumericConverter))] decimal? IncludedQuantity = null,
    PriceBody? Price = null,
    [property: JsonConverter(typeof(NumericConverter))] decimal? Rate = null,
    [property: JsonConverter(typeof(NumericConverter))] decimal? FixedAmountPerTransaction = null,
    int? FreeTransactions = null,
    [property: JsonConverter(typeof(NumericConverter))] decimal? FreeAmount = null,
    [property: JsonConverter(typeof(NumericConverter))] decimal? PerTransactionMinimum = null,
    [property: JsonConverter(typeof(NumericConverter))] decimal? PerTransactionMaximum = null,
    ImmutableArray<RateBody>? Rates = null,
    ImmutableArray<string>? Dimensions = null,
    ImmutableArray<CellBody>? Cells = null,
    PriceBody? Default = null,
    string? Pooling = null,
    ImmutableArray<ImmutableSortedDictionary<string, ImmutableArray<string>>>? KnownValues = null,
    [property: JsonConverter(typeof(NumericConverter))] decimal? MinimumAmount = null,
    [property: JsonConverter(typeof(NumericConverter))] decimal? MaximumAmount = null);

/// <param name="UpToAmount">Included; absent for the last tier.</param>
internal sealed record TierBody(
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] TierPriceBody? FlatPrice,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] TierPriceBody? UnitPrice,
    [property: JsonConverter(typeof(NumericConverter))] decimal? UpToAmount = null);

/// <param name="Type"><c>flat</c> or <c>unit</c>, as the field that holds it says.</param>
internal sealed record TierPriceBody(string Type, [property: JsonConverter(typeof(NumericConverter))] decimal Amount);

/// <summary>A tier of an amount.</summary>
/// <param name="Rate">The percentage of what lies in the tier.</param>
/// <param name="UpToAmount">Included; absent for the last tier.</param>
internal sealed record RateBody(
    [property: JsonConverter(typeof(NumericConverter))] decimal Rate,
    [property: JsonConverter(typeof(NumericConverter))] decimal? UpToAmount = null,
    TierPriceBody? FlatPrice = null);

/// <summary>A cell of a dimensional price: an amount per unit, or a price.</summary>
/// <param name="Values">Dimension → value; a dimension that is left out stands for any value.</param>
internal sealed record CellBody(
    ImmutableSortedDictionary<string, string> Values,
    [property: JsonConverter(typeof(NumericConverter))] decimal? Amount = null,
    PriceBody? Price = null);
