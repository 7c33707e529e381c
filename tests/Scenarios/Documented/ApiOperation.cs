using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json.Nodes;

namespace Metering.Scenarios.Documented;

/// <summary>An operation of the API's document.</summary>
internal sealed record ApiOperation(string Method, string Path, JsonObject Content)
{
    public string Id => (string?)Content["operationId"] ?? "";

    /// <summary>The status codes that stand for success.</summary>
    public ImmutableArray<int> Successes =>
    [
        .. Content["responses"]!.AsObject().Select(response => int.Parse(response.Key, CultureInfo.InvariantCulture)).Where(status => status < 300),
    ];

    /// <summary>Null when the operation takes no body or shows no example of it.</summary>
    public (string ContentType, JsonNode Body)? Example =>
        Content["requestBody"]?["content"] is JsonObject contents && contents.First() is var (type, content) && content!["example"] is { } example
            ? (type, example)
            : null;

    public static ImmutableArray<ApiOperation> AllOf(JsonObject document) =>
    [
        .. from path in document["paths"]!.AsObject()
           from operation in path.Value!.AsObject()
           where operation.Value is JsonObject content && content.ContainsKey("responses")
           select new ApiOperation(operation.Key.ToUpperInvariant(), path.Key, operation.Value!.AsObject()),
    ];
}
