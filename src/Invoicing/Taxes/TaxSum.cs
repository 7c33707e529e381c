using System.Text.Json.Serialization;
using Metering.Platform.Http;

namespace Metering.Invoicing.Taxes;

/// <summary>A row of the tax table of a document: the tax is computed on the sum of what bears it and rounded once.</summary>
/// <param name="Base">What the lines come to, with their tax when the prices hold it.</param>
public sealed record TaxSum(
    string CodeId,
    string Code,
    string Name,
    [property: JsonConverter(typeof(NumericConverter))] decimal Percent,
    string Behavior,
    [property: JsonConverter(typeof(NumericConverter))] decimal Base,
    [property: JsonConverter(typeof(NumericConverter))] decimal Tax)
{
    [JsonIgnore]
    public bool IsInclusive => Behavior == TaxConfig.Inclusive;
}
