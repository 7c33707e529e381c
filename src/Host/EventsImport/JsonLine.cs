using System.Text.Json;
using System.Text.Json.Nodes;

namespace Metering.Host.EventsImport;

/// <summary>One line of JSON as a usage event.</summary>
internal static class JsonLine
{
    private static readonly JsonDocumentOptions Options = new() { MaxDepth = 64, AllowDuplicateProperties = false };

    /// <param name="idOf">Names a line that has no id of its own.</param>
    public static ImportRow Read(string place, string line, ImportMapping mapping, Func<string> idOf)
    {
        if (TryParse(line) is not { } fields)
        {
            return new ImportRow(place, null, "the line is not a JSON object");
        }

        if (mapping.IsOfEvents)
        {
            return new ImportRow(place, fields, null);
        }

        var subject = mapping.Subject ?? TextOf(fields, mapping.SubjectColumn!);
        if (mapping.SkipWithoutSubject && subject is null or "")
        {
            return new ImportRow(place, null, null);
        }

        if (TextOf(fields, mapping.TimeColumn!) is not { } written || EventTime.TryRead(written) is not { } time)
        {
            return new ImportRow(place, null, $"what stands at {mapping.TimeColumn} is not a time");
        }

        if (mapping.IdColumn is { } idColumn && TextOf(fields, idColumn) is null or "")
        {
            return new ImportRow(place, null, $"there is no id at {mapping.IdColumn}");
        }

        return new ImportRow(
            place,
            new JsonObject
            {
                ["specversion"] = "1.0",
                ["id"] = mapping.IdColumn is { } id ? TextOf(fields, id) : idOf(),
                ["source"] = mapping.Source,
                ["type"] = mapping.Type,
                ["subject"] = subject ?? "",
                ["time"] = time,
                ["data"] = DataOf(fields, mapping),
            },
            null);
    }

    private static JsonObject? TryParse(string line)
    {
        try
        {
            return JsonNode.Parse(line, documentOptions: Options) as JsonObject;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static JsonObject DataOf(JsonObject fields, ImportMapping mapping)
    {
        if (mapping.Data.IsEmpty)
        {
            return (JsonObject)fields.DeepClone();
        }

        var data = new JsonObject();
        foreach (var (name, path) in mapping.Data)
        {
            if (Find(fields, path) is { } value)
            {
                data[name] = value.DeepClone();
            }
        }

        return data;
    }

    /// <summary>A member of this name, or a path of members with points between.</summary>
    private static JsonNode? Find(JsonObject fields, string path)
    {
        if (fields.TryGetPropertyValue(path, out var member))
        {
            return member;
        }

        JsonNode? found = fields;
        foreach (var name in path.Split('.'))
        {
            found = found is JsonObject inner && inner.TryGetPropertyValue(name, out var next) ? next : null;
        }

        return found;
    }

    private static string? TextOf(JsonObject fields, string path) => Find(fields, path) switch
    {
        JsonValue value when value.GetValueKind() == JsonValueKind.String => value.GetValue<string>(),
        JsonValue value when value.GetValueKind() == JsonValueKind.Number => value.ToJsonString(),
        _ => null,
    };
}
