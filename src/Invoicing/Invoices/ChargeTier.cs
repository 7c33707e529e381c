using System.Text.Json.Serialization;
using Metering.Platform.Http;

namespace Metering.Invoicing.Invoices;

/// <summary>The quantities a tier covers: above <paramref name="From"/>, up to and including <paramref name="UpTo"/>.</summary>
public sealed record ChargeTier(
    int Number,
    [property: JsonConverter(typeof(NumericConverter))] decimal From,
    [property: JsonConverter(typeof(OptionalNumericConverter))] decimal? UpTo);
