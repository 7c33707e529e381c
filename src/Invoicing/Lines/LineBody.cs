using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;
using Metering.Invoicing.Taxes;
using Metering.Platform.Http;
using NodaTime;

namespace Metering.Invoicing.Lines;

/// <summary>A line as requests write it. OpenMeter has moved price and feature into the rate card; beside it they still count.</summary>
/// <param name="Id">On an invoice that is edited: the line that is meant; a line without an id is new.</param>
/// <param name="Quantity">In a simulation: how much was used in the line's period.</param>
/// <param name="PreLinePeriodQuantity">In a simulation: how much of the period before was billed.</param>
internal sealed record LineBody(
    string Name,
    LinePeriodBody Period,
    Instant InvoiceAt,
    LineRateCardBody? RateCard = null,
    string? Description = null,
    ImmutableSortedDictionary<string, string>? Metadata = null,
    TaxConfig? TaxConfig = null,
    JsonElement? Price = null,
    string? FeatureKey = null,
    string? Id = null,
    [property: JsonConverter(typeof(NumericConverter))] decimal? Quantity = null,
    [property: JsonConverter(typeof(NumericConverter))] decimal? PreLinePeriodQuantity = null);

internal sealed record LinePeriodBody(Instant From, Instant To);

/// <param name="Price">Of any type that plans have. Null when the line costs nothing, which no line does.</param>
internal sealed record LineRateCardBody(
    JsonElement? Price,
    string? FeatureKey = null,
    TaxConfig? TaxConfig = null,
    LineDiscountsBody? Discounts = null,
    JsonElement? UnitConfig = null);

internal sealed record LineDiscountsBody(LinePercentageBody? Percentage = null, LineUsageBody? Usage = null);

/// <param name="CorrelationId">Taken and not needed: a discount is known by its line.</param>
internal sealed record LinePercentageBody(decimal Percentage, string? CorrelationId = null);

/// <param name="CorrelationId">Taken and not needed.</param>
internal sealed record LineUsageBody([property: JsonConverter(typeof(NumericConverter))] decimal Quantity, string? CorrelationId = null);
