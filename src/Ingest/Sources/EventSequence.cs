using System.Globalization;
using System.Text.Json;

namespace Metering.Ingest.Sources;

/// <summary>
/// Where an event stands in its source's numbering, by the extension attributes <c>meteringseq</c> (a whole number from 1) and
/// <c>meteringepoch</c> (text; a numbering that begins anew says another one). CloudEvents names attributes in lower-case letters and digits;
/// <c>metering-seq</c> and <c>metering-epoch</c> are read as well, because headers are often spelled so.
/// </summary>
internal readonly record struct EventSequence(string Epoch, long Number)
{
    public const string NumberAttribute = "meteringseq";
    public const int MaxEpochLength = 128;

    /// <param name="extensions">The other attributes of an event as a JSON object; null when there are none.</param>
    public static EventSequence? Of(string? extensions)
    {
        // Most events have no such attribute; they cost one search through a short text.
        if (extensions is null || !extensions.Contains("metering", StringComparison.Ordinal))
        {
            return null;
        }

        using var attributes = JsonDocument.Parse(extensions);
        return NumberOf(attributes.RootElement) is { } value && TryNumber(value, out var number) && EpochOf(attributes.RootElement) is { } epoch
            ? new EventSequence(epoch, number)
            : null;
    }

    /// <summary>True when an event has a sequence number that is none.</summary>
    public static bool IsMalformed(string? extensions)
    {
        if (extensions is null || !extensions.Contains("metering", StringComparison.Ordinal))
        {
            return false;
        }

        using var attributes = JsonDocument.Parse(extensions);
        return NumberOf(attributes.RootElement) is not null && Of(extensions) is null;
    }

    private static JsonElement? NumberOf(JsonElement attributes) =>
        attributes.TryGetProperty(NumberAttribute, out var value) || attributes.TryGetProperty("metering-seq", out value) ? value : null;

    /// <summary>Empty where none is said; null where it is too long.</summary>
    private static string? EpochOf(JsonElement attributes)
    {
        if (!attributes.TryGetProperty("meteringepoch", out var value) && !attributes.TryGetProperty("metering-epoch", out value))
        {
            return "";
        }

        var text = value.ValueKind == JsonValueKind.String ? value.GetString()! : value.GetRawText();
        return text.Length <= MaxEpochLength ? text : null;
    }

    /// <summary>Headers carry numbers as text. The greatest number is left out, so that there always is a next one.</summary>
    private static bool TryNumber(JsonElement value, out long number)
    {
        var text = value.ValueKind == JsonValueKind.String ? value.GetString() : value.GetRawText();
        return long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number) && number is >= 1 and < long.MaxValue;
    }
}
