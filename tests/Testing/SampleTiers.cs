using System.Net.Http.Json;
using System.Text.Json.Nodes;

namespace Metering.Testing;

/// <summary>The summarization API's tiers of <c>samples/plans</c>, published and sold through the HTTP face.</summary>
public static class SampleTiers
{
    public static async Task PublishSampleTiersAsync(this TestHost host)
    {
        foreach (var meter in Read("meters").AsArray())
        {
            await host.PostAsync("/api/v1/meters", meter!.DeepClone(), 201);
        }

        foreach (var feature in Read("features").AsArray())
        {
            await host.PostAsync("/api/v1/features", feature!.DeepClone(), 201);
        }

        foreach (var plan in new[] { "free", "pro", "enterprise" })
        {
            await host.PostAsync("/api/v1/plans", Read(plan), 201);
            await host.PostAsync($"/api/v1/plans/{plan}/publish", new JsonObject(), 200);
        }
    }

    /// <summary>A customer whose subject is its key, subscribed from now on.</summary>
    /// <returns>The subscription.</returns>
    public static async Task<JsonNode> SignUpAsync(this TestHost host, string customerKey, string plan, string timeZone = "UTC")
    {
        var customer = new JsonObject
        {
            ["key"] = customerKey, ["name"] = $"{customerKey} GmbH", ["timeZone"] = timeZone, ["primaryEmail"] = $"billing@{customerKey}.example",
            ["usageAttribution"] = new JsonObject { ["subjectKeys"] = new JsonArray(customerKey) },
            ["billingAddress"] = new JsonObject
            {
                ["line1"] = "Invalidenstraße 1", ["postalCode"] = "10115", ["city"] = "Berlin", ["country"] = "DE",
            },
        };
        await host.PostAsync("/api/v1/customers", customer, 201);
        return await host.SubscribeAsync(customerKey, plan);
    }

    public static Task<JsonNode> SubscribeAsync(this TestHost host, string customerKey, string plan) => host.PostAsync(
        "/api/v1/subscriptions",
        new JsonObject { ["plan"] = new JsonObject { ["key"] = plan }, ["customerKey"] = customerKey }, 201);

    /// <summary>One answer of the API that used so many tokens.</summary>
    public static async Task UseTokensAsync(this TestHost host, string subject, string id, string time, long tokens)
    {
        var recorded = new JsonObject
        {
            ["specversion"] = "1.0", ["id"] = id, ["source"] = "gateway", ["type"] = "ai.completion", ["subject"] = subject, ["time"] = time,
            ["data"] = new JsonObject { ["model"] = "small", ["total_tokens"] = tokens },
        };
        var answer = await host.Client.PostAsJsonAsync("/api/v1/events", recorded);
        if (!answer.IsSuccessStatusCode)
        {
            throw new InvalidOperationException($"The event was answered with {(int)answer.StatusCode}: {await answer.Content.ReadAsStringAsync()}");
        }
    }

    private static JsonNode Read(string name) => JsonNode.Parse(File.ReadAllText(Path.Combine(Repository.Root, "samples", "plans", $"{name}.json")))!;
}
