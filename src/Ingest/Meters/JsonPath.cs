using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using Metering.Platform.Problems;

namespace Metering.Ingest.Meters;

/// <summary>
/// The part of JSON path that names one value: <c>$.usage.total_tokens</c>, <c>$['content type']</c>, <c>$.choices[0].model</c>.
/// No wildcards, filters or descents: a path finds one value or none.
/// </summary>
internal sealed class JsonPath
{
    public const int MaxLength = 256;
    private const int MaxSteps = 16;

    private readonly ImmutableArray<Step> steps;

    private JsonPath(ImmutableArray<Step> steps) => this.steps = steps;

    /// <summary>The name of a property at the top, when the path is no more than that.</summary>
    public string? PropertyName => steps.Length == 1 ? steps[0].Name : null;

    /// <summary>The same place as a JSON pointer.</summary>
    public string Pointer => string.Concat(
        steps.Select(step => "/" + (step.Name is { } name ? JsonPointer.Escape(name) : step.Index.ToString(CultureInfo.InvariantCulture))));

    public static JsonPath? TryParse(string text)
    {
        if (text.Length is 0 or > MaxLength || text[0] != '$')
        {
            return null;
        }

        var steps = ImmutableArray.CreateBuilder<Step>();
        var rest = text.AsSpan(1);
        while (rest.Length > 0)
        {
            if (steps.Count == MaxSteps || !TryTakeStep(ref rest, out var step))
            {
                return null;
            }

            steps.Add(step);
        }

        return steps.Count == 0 ? null : new JsonPath(steps.ToImmutable());
    }

    /// <summary>False when the value is absent or null.</summary>
    public bool TryFind(JsonElement root, out JsonElement found)
    {
        found = root;
        foreach (var step in steps)
        {
            var stepped = step.Name is { } name
                ? found.ValueKind == JsonValueKind.Object && found.TryGetProperty(name, out found)
                : found.ValueKind == JsonValueKind.Array && TryGetItem(ref found, step.Index);
            if (!stepped)
            {
                return false;
            }
        }

        return found.ValueKind != JsonValueKind.Null;
    }

    private static bool TryGetItem(ref JsonElement array, int index)
    {
        if (index >= array.GetArrayLength())
        {
            return false;
        }

        array = array[index];
        return true;
    }

    private static bool TryTakeStep(ref ReadOnlySpan<char> rest, out Step step)
    {
        step = default;
        if (rest[0] == '.')
        {
            var end = rest[1..].IndexOfAny('.', '[');
            var name = end < 0 ? rest[1..] : rest[1..(end + 1)];
            rest = rest[(name.Length + 1)..];
            step = new Step(name.ToString(), 0);
            return name.Length > 0 && !name.ContainsAny("*?'\"] @()");
        }

        if (rest is ['[', '\'' or '"', ..])
        {
            var end = rest[2..].IndexOf([rest[1], ']']);
            if (end <= 0)
            {
                return false;
            }

            step = new Step(rest.Slice(2, end).ToString(), 0);
            rest = rest[(end + 4)..];
            return true;
        }

        var close = rest.IndexOf(']');
        if (rest[0] != '[' || close < 2 || !int.TryParse(rest[1..close], NumberStyles.None, CultureInfo.InvariantCulture, out var index))
        {
            return false;
        }

        step = new Step(null, index);
        rest = rest[(close + 1)..];
        return true;
    }

    private readonly record struct Step(string? Name, int Index);
}
