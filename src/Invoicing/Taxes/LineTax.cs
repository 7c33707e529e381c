using System.Text.Json.Serialization;
using Metering.Platform.Http;

namespace Metering.Invoicing.Taxes;

/// <summary>A line's share of a tax; the shares sum to the row of the tax table.</summary>
public sealed record LineTax(
    string CodeId,
    string Code,
    [property: JsonConverter(typeof(NumericConverter))] decimal Percent,
    string Behavior,
    [property: JsonConverter(typeof(NumericConverter))] decimal Amount)
{
    [JsonIgnore]
    public bool IsInclusive => Behavior == TaxConfig.Inclusive;
}
