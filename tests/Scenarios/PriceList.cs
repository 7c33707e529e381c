using System.Text.Json.Nodes;
using Metering.Testing;

namespace Metering.Scenarios;

/// <summary>A price list of <c>samples/plans/price-lists</c> with the usage of a month, sold to one customer.</summary>
internal static class PriceList
{
    public const string Customer = "acme";

    /// <summary>Publishes the list, signs the customer up on 1 January 2026 and records the usage.</summary>
    public static async Task<Story> SellAsync(string name)
    {
        var story = new Story(await TestHost.StartAsync("2026-01-01T00:00:00Z"));
        foreach (var meter in Read(name, "meters.json").AsArray())
        {
            await story.Host.PostAsync("/api/v1/meters", meter!, 201);
        }

        foreach (var feature in Read(name, "features.json").AsArray())
        {
            await story.Host.PostAsync("/api/v1/features", feature!, 201);
        }

        var plan = await story.Host.PostAsync("/api/v1/plans", Read(name, "plan.json"), 201);
        await story.Host.PostAsync($"/api/v1/plans/{plan["id"]}/publish", new JsonObject(), 200);
        await story.SignUpAsync(Customer, (string)plan["key"]!);
        var usage = await File.ReadAllLinesAsync(PathOf(name, "usage.ndjson"));
        await story.PostEventsAsync(new JsonArray([.. usage.Select(line => JsonNode.Parse(line))]));
        return story;
    }

    public static string PathOf(string name, string file) => Path.Combine(Repository.Root, "samples", "plans", "price-lists", name, file);

    public static JsonNode Read(string name, string file) => JsonNode.Parse(File.ReadAllText(PathOf(name, file)))!;
}
