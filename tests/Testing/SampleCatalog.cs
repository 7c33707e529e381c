using System.Text.Json.Nodes;

namespace Metering.Testing;

/// <summary>The price list of <c>samples/plans</c>, published as its README says.</summary>
public static class SampleCatalog
{
    private static readonly string Folder = Path.Combine(Repository.Root, "samples", "plans");

    /// <param name="post">Sends a body to a route and answers what came back.</param>
    public static async Task PublishAsync(Func<string, JsonNode, Task<JsonNode>> post)
    {
        foreach (var meter in Read("meters.json").AsArray())
        {
            await post("/api/v1/meters", meter!);
        }

        foreach (var feature in Read("features.json").AsArray())
        {
            await post("/api/v1/features", feature!);
        }

        foreach (var plan in new[] { "free", "pro", "enterprise" })
        {
            var draft = await post("/api/v1/plans", Read(plan + ".json"));
            await post($"/api/v1/plans/{draft["id"]}/publish", new JsonObject());
        }
    }

    public static JsonNode Read(string file) => JsonNode.Parse(File.ReadAllText(Path.Combine(Folder, file)))!;
}
