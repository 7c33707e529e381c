using System.Text.Json.Nodes;

namespace Metering.Subscriptions.Tests;

/// <summary>Spoils one field of a good request: <c>/a/b = value</c> sets it, <c>/a/b -</c> leaves it out.</summary>
internal static class Spoiling
{
    public static JsonNode Spoil(JsonNode body, string change)
    {
        var removes = change.EndsWith(" -", StringComparison.Ordinal);
        var cut = removes ? change.Length - 2 : change.IndexOf(" = ", StringComparison.Ordinal);
        var segments = change[..cut].Trim().Split('/')[1..];
        var parent = segments[..^1].Aggregate(body, (node, segment) => node is JsonArray array ? array[int.Parse(segment)]! : node[segment]!);
        if (removes)
        {
            parent.AsObject().Remove(segments[^1]);
        }
        else if (parent is JsonArray array)
        {
            array[int.Parse(segments[^1])] = JsonNode.Parse(change[(cut + 3)..]);
        }
        else
        {
            parent[segments[^1]] = JsonNode.Parse(change[(cut + 3)..]);
        }

        return body;
    }
}
