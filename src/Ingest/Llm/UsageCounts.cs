using System.Text.Json;
using Metering.Ingest.Meters;

namespace Metering.Ingest.Llm;

/// <summary>
/// Reads counts of a provider's usage and remembers the first thing that is wrong with them. Several objects stand for a stream: each says again
/// what is known so far, so the last that names a field is right, and adding them up would be wrong.
/// </summary>
internal sealed class UsageCounts(IReadOnlyList<JsonElement> objects)
{
    /// <summary>More tokens than any call can use.</summary>
    private const decimal MaxCount = 1_000_000_000_000m;

    /// <summary>As what the usage does; null while all is well.</summary>
    public string? Problem { get; private set; }

    public bool Has(string name) => Find(name) is not null;

    /// <returns>Null when the field is absent or null.</returns>
    public long? Find(params ReadOnlySpan<string> path)
    {
        for (var i = objects.Count - 1; i >= 0; i--)
        {
            if (TryStep(objects[i], path, out var found))
            {
                return CountOf(found, string.Join('.', path!));
            }
        }

        return null;
    }

    public long Of(params ReadOnlySpan<string> path) => Find(path) ?? 0;

    /// <summary>An object or array of the last usage that has it.</summary>
    public JsonElement? Part(params ReadOnlySpan<string> path)
    {
        for (var i = objects.Count - 1; i >= 0; i--)
        {
            if (TryStep(objects[i], path, out var found) && found.ValueKind is JsonValueKind.Object or JsonValueKind.Array)
            {
                return found;
            }
        }

        return null;
    }

    public long CountOf(JsonElement element, string name)
    {
        if (EventValue.TryNumber(element, out var number) && number is >= 0 and <= MaxCount && decimal.Truncate(number) == number)
        {
            return (long)number;
        }

        return element.ValueKind is JsonValueKind.Object or JsonValueKind.Array ? 0 : Refuse($"has no count at {name}");
    }

    /// <summary>What is left of a whole when its parts are taken away; parts that are more than the whole are refused.</summary>
    public long Rest(long whole, string wholeName, long parts, string partsName) => parts <= whole
        ? whole - parts
        : Refuse($"says that {parts} of {whole} {wholeName} are {partsName}");

    public long Refuse(string problem)
    {
        Problem ??= problem;
        return 0;
    }

    private static bool TryStep(JsonElement from, ReadOnlySpan<string> path, out JsonElement found)
    {
        found = from;
        foreach (var name in path)
        {
            if (found.ValueKind != JsonValueKind.Object || !found.TryGetProperty(name, out found))
            {
                return false;
            }
        }

        return found.ValueKind is not (JsonValueKind.Null or JsonValueKind.Undefined);
    }
}
