using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace Metering.Ingest.Meters;

/// <summary>What counts as a number and as a text in the data of an event.</summary>
internal static class EventValue
{
    /// <summary>What <c>numeric(28,12)</c> holds: 16 digits before the point.</summary>
    public const decimal MaxNumber = 9_999_999_999_999_999m;

    public const int MaxTextLength = 512;

    /// <summary>Of values as they are stored. Further ones are rounded, half away from zero.</summary>
    public const int Decimals = 12;

    /// <summary>Numbers and numbers written as strings, as they stand there.</summary>
    public static bool TryNumber(JsonElement element, out decimal value)
    {
        value = 0m;
        var parsed = element.ValueKind switch
        {
            JsonValueKind.Number =>
                decimal.TryParse(JsonMarshal.GetRawUtf8Value(element), NumberStyles.Float, CultureInfo.InvariantCulture, out value),
            JsonValueKind.String => TryString(element, out var text)
                && decimal.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out value),
            _ => false,
        };
        return parsed && Math.Abs(value) <= MaxNumber;
    }

    /// <summary>Texts, and numbers and booleans as they are written.</summary>
    public static bool TryText(JsonElement element, out string? text)
    {
        text = null;
        switch (element.ValueKind)
        {
            case JsonValueKind.String:
                return TryString(element, out text) && text!.Length <= MaxTextLength && !text.Contains('\0', StringComparison.Ordinal);
            case JsonValueKind.Number:
                text = element.GetRawText();
                return text.Length <= MaxTextLength;
            case JsonValueKind.True:
                text = "true";
                return true;
            case JsonValueKind.False:
                text = "false";
                return true;
            default:
                return false;
        }
    }

    /// <summary>JSON allows an escaped half of a surrogate pair, which is no text.</summary>
    private static bool TryString(JsonElement element, out string? text)
    {
        try
        {
            text = element.GetString();
            return true;
        }
        catch (InvalidOperationException)
        {
            text = null;
            return false;
        }
    }
}
