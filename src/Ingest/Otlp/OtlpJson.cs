using System.Text.Json;

namespace Metering.Ingest.Otlp;

/// <summary>The JSON of OTLP, which may leave out whatever is empty.</summary>
internal static class OtlpJson
{
    /// <summary>The objects of a list; none when there is no list.</summary>
    public static IEnumerable<JsonElement> Items(JsonElement parent, string name) =>
        parent.TryGetProperty(name, out var list) && list.ValueKind == JsonValueKind.Array
            ? list.EnumerateArray().Where(item => item.ValueKind == JsonValueKind.Object)
            : [];

    public static JsonElement AttributesOf(JsonElement parent, string name) =>
        parent.TryGetProperty(name, out var inner) && inner.ValueKind == JsonValueKind.Object && inner.TryGetProperty("attributes", out var list)
            ? list
            : default;

    public static void WriteText(Utf8JsonWriter writer, string name, string? text)
    {
        if (text is not null)
        {
            writer.WriteString(name, text);
        }
    }

    public static void WriteTexts(Utf8JsonWriter writer, string name, IReadOnlyCollection<(string Key, string Value)> texts)
    {
        if (texts.Count == 0)
        {
            return;
        }

        writer.WriteStartObject(name);
        foreach (var (key, value) in texts)
        {
            writer.WriteString(key, value);
        }

        writer.WriteEndObject();
    }
}
