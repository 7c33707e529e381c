using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Metering.Scenarios.Documented;

/// <summary>Whether a JSON document is what a schema of the API's document says: the keywords that it uses, and no others.</summary>
internal static class Schemas
{
    public static JsonNode? Resolve(JsonObject document, string reference) =>
        reference.Split('/').Skip(1).Aggregate((JsonNode?)document, (node, segment) => node?[segment]);

    /// <returns>What is wrong, each with the JSON pointer of the place.</returns>
    public static IEnumerable<string> Check(JsonObject document, JsonNode? schema, JsonNode? value, string place = "")
    {
        if (schema is not JsonObject described)
        {
            return [];
        }

        if (described["$ref"] is { } reference)
        {
            return Check(document, Resolve(document, reference.GetValue<string>()), value, place);
        }

        if (described["oneOf"] is JsonArray choices)
        {
            return choices.Any(choice => !Check(document, choice, value, place).Any()) ? [] : [$"{place} is none of the choices"];
        }

        return CheckType(described, value, place)
            .Concat(CheckText(described, value, place))
            .Concat(value is JsonObject fields ? CheckFields(document, described, fields, place) : [])
            .Concat(value is JsonArray items && described["items"] is { } item
                ? items.SelectMany((one, index) => Check(document, item, one, $"{place}/{index}"))
                : []);
    }

    private static IEnumerable<string> CheckType(JsonObject schema, JsonNode? value, string place)
    {
        if (schema["type"] is not { } type)
        {
            yield break;
        }

        var allowed = type is JsonArray several ? several.Select(one => one!.GetValue<string>()).ToArray() : [type.GetValue<string>()];
        var actual = value?.GetValueKind() switch
        {
            null or JsonValueKind.Null => "null",
            JsonValueKind.Object => "object",
            JsonValueKind.Array => "array",
            JsonValueKind.String => "string",
            JsonValueKind.Number => value.ToJsonString().Contains('.', StringComparison.Ordinal) ? "number" : "integer",
            _ => "boolean",
        };
        if (!allowed.Contains(actual) && !(actual == "integer" && allowed.Contains("number")))
        {
            yield return $"{place} is {actual}, not {string.Join(" or ", allowed)}";
        }
    }

    private static IEnumerable<string> CheckText(JsonObject schema, JsonNode? value, string place)
    {
        if (value?.GetValueKind() != JsonValueKind.String)
        {
            yield break;
        }

        var text = value.GetValue<string>();
        if (schema["pattern"] is { } pattern && !Regex.IsMatch(text, pattern.GetValue<string>()))
        {
            yield return $"{place} does not match {pattern}";
        }

        if (schema["enum"] is JsonArray known && !known.Any(one => one!.GetValue<string>() == text))
        {
            yield return $"{place} is not one of the known values";
        }

        var fits = (string?)schema["format"] switch
        {
            "ulid" => Regex.IsMatch(text, "^[0-7][0-9A-HJKMNP-TV-Z]{25}$"),
            "date-time" => DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, out _) && text.EndsWith('Z'),
            "date" => DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out _),
            _ => true,
        };
        if (!fits)
        {
            yield return $"{place} has not the format {schema["format"]}: {text}";
        }
    }

    private static IEnumerable<string> CheckFields(JsonObject document, JsonObject schema, JsonObject fields, string place)
    {
        var properties = schema["properties"] as JsonObject ?? [];
        foreach (var required in (schema["required"] as JsonArray ?? []).Select(one => one!.GetValue<string>()))
        {
            if (!fields.ContainsKey(required))
            {
                yield return $"{place}/{required} is missing";
            }
        }

        foreach (var (name, value) in fields)
        {
            var field = properties[name] ?? (schema["additionalProperties"] as JsonObject);
            if (field is null && schema["additionalProperties"]?.GetValueKind() == JsonValueKind.False)
            {
                yield return $"{place}/{name} is not known";
            }

            foreach (var finding in Check(document, field, value, $"{place}/{name}"))
            {
                yield return finding;
            }
        }
    }
}
