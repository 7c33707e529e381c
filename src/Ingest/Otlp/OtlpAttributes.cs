using System.Globalization;
using System.Text.Json;
using Metering.Ingest.Meters;

namespace Metering.Ingest.Otlp;

/// <summary>Attributes of OTLP: of a span or data point, and behind them those of its resource.</summary>
/// <param name="lists">In the order in which they are asked.</param>
internal sealed class OtlpAttributes(params IReadOnlyList<JsonElement> lists)
{
    /// <summary>Null when no list has it, or it is no text, number or boolean.</summary>
    public string? Text(string key) => Find(key) is { } value ? TextOf(value) : null;

    public string? FirstText(params ReadOnlySpan<string> keys)
    {
        foreach (var key in keys)
        {
            if (Text(key) is { Length: > 0 } text)
            {
                return text;
            }
        }

        return null;
    }

    public bool Has(string key) => Find(key) is not null;

    /// <summary>The own ones alone, without those of the resource, whose key begins so.</summary>
    public IEnumerable<(string Key, string Value)> Beginning(string prefix) =>
        from item in Items(lists[0])
        where item.Key.StartsWith(prefix, StringComparison.Ordinal)
        let text = TextOf(item.Value)
        where text is not null
        select (item.Key, text);

    /// <summary>What tells this stream of numbers from every other, whatever order its attributes came in.</summary>
    public string Identity() => string.Join('\n', lists.Select(IdentityOf));

    private static string IdentityOf(JsonElement list) =>
        string.Join('\0', Items(list).Select(item => $"{item.Key}={item.Value.GetRawText()}").Order(StringComparer.Ordinal));

    private JsonElement? Find(string key)
    {
        foreach (var list in lists)
        {
            foreach (var (name, value) in Items(list))
            {
                if (name == key)
                {
                    return value;
                }
            }
        }

        return null;
    }

    private static IEnumerable<(string Key, JsonElement Value)> Items(JsonElement list) =>
        list.ValueKind != JsonValueKind.Array ? [] :
        from item in list.EnumerateArray()
        where item.ValueKind == JsonValueKind.Object && item.TryGetProperty("key", out var key) && EventValue.TryText(key, out _)
            && item.TryGetProperty("value", out var value) && value.ValueKind == JsonValueKind.Object
        select (item.GetProperty("key").GetString()!, item.GetProperty("value"));

    private static string? TextOf(JsonElement value)
    {
        foreach (var kind in (string[])["stringValue", "intValue", "doubleValue", "boolValue"])
        {
            if (value.TryGetProperty(kind, out var found))
            {
                return EventValue.TryText(found, out var text) ? text : null;
            }
        }

        return null;
    }

    /// <summary>64-bit integers are texts in the JSON of OTLP; numbers are taken too.</summary>
    public static bool TryInteger(JsonElement parent, string name, out decimal value)
    {
        value = 0m;
        return parent.TryGetProperty(name, out var found) && EventValue.TryText(found, out var text)
            && decimal.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out value);
    }
}
