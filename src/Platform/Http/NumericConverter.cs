using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Metering.Platform.Http;

/// <summary>
/// An exact decimal as a JSON string (OpenMeter's <c>Numeric</c>): plain digits, at most 12 decimals and 16 digits before
/// them, no exponent. A JSON number is accepted too. Put it on each property; amounts are strings, meter values are not.
/// </summary>
public sealed class NumericConverter : JsonConverter<decimal>
{
    public const int MaxDecimals = 12;
    public const decimal MaxValue = 9_999_999_999_999_999m;

    public override decimal Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        var text = reader.TokenType switch
        {
            JsonTokenType.String => reader.GetString()!,
            JsonTokenType.Number => reader.GetDecimal().ToString(CultureInfo.InvariantCulture),
            _ => "",
        };

        return TryParse(text, out var value)
            ? value
            : throw new JsonException("A number is written as a string of digits with at most 12 decimals, such as \"0.000005\".");
    }

    public override void Write(Utf8JsonWriter writer, decimal value, JsonSerializerOptions options) => writer.WriteStringValue(Format(value));

    /// <summary>Without trailing zeros: 49.00 is written 49.</summary>
    public static string Format(decimal value) => (value / 1.0000000000000000000000000000m).ToString(CultureInfo.InvariantCulture);

    public static bool TryParse(string text, out decimal value) =>
        decimal.TryParse(text, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out value)
        && text is not ['+', ..] and not ['.', ..] and not [.., '.']
        && Math.Abs(value) <= MaxValue
        && value.Scale <= MaxDecimals;
}
