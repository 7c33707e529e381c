using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Metering.Platform.Http;

namespace Metering.Invoicing.Invoices;

/// <summary>
/// A decimal as a JSON string with every digit it has: an amount before rounding may have more than the 12 decimals that plans
/// may state.
/// </summary>
internal sealed class ExactNumberConverter : JsonConverter<decimal>
{
    private const NumberStyles Plain = NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint;

    public override decimal Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        decimal.TryParse(reader.GetString(), Plain, CultureInfo.InvariantCulture, out var value)
            ? value
            : throw new JsonException("A number is written as a string of digits.");

    public override void Write(Utf8JsonWriter writer, decimal value, JsonSerializerOptions options) =>
        writer.WriteStringValue(NumericConverter.Format(value));
}

/// <summary><see cref="NumericConverter"/> for a number that may be absent.</summary>
internal sealed class OptionalNumericConverter : JsonConverter<decimal?>
{
    private static readonly NumericConverter Inner = new();

    public override decimal? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.TokenType == JsonTokenType.Null ? null : Inner.Read(ref reader, typeof(decimal), options);

    public override void Write(Utf8JsonWriter writer, decimal? value, JsonSerializerOptions options)
    {
        if (value is { } number)
        {
            Inner.Write(writer, number, options);
        }
        else
        {
            writer.WriteNullValue();
        }
    }
}
