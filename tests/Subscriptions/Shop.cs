using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Metering.Testing;

namespace Metering.Subscriptions.Tests;

/// <summary>The summarization API of <c>samples/plans</c>, open for business, and what happens in it.</summary>
internal static class Shop
{
    private static int events;

    public static async Task<TestHost> OpenAsync(string startAt = "2026-01-15T09:00:00Z")
    {
        var host = await TestHost.StartAsync(startAt);
        foreach (var meter in Sample("meters").AsArray())
        {
            await host.PostAsync("/api/v1/meters", meter!, 201);
        }

        foreach (var feature in Sample("features").AsArray())
        {
            await host.PostAsync("/api/v1/features", feature!, 201);
        }

        foreach (var plan in new[] { "free", "pro", "enterprise" })
        {
            await Some.PublishedAsync(host, Sample(plan).AsObject());
        }

        return host;
    }

    public static JsonNode Sample(string name) =>
        JsonNode.Parse(File.ReadAllText(Path.Combine(Repository.Root, "samples", "plans", $"{name}.json")))!;

    /// <summary>A customer on a plan; returns the entitlement to summarize.</summary>
    public static async Task<string> CustomerOnAsync(
        TestHost host, string plan, string key = "acme", string timeZone = "UTC", string itemKey = "summarize")
    {
        await Some.CustomerAsync(host, key, timeZone);
        var subscription = await Some.SubscribedAsync(host, key, plan);
        return await EntitlementAsync(host, subscription, itemKey);
    }

    public static async Task<string> EntitlementAsync(TestHost host, JsonNode subscription, string itemKey = "summarize")
    {
        var shown = await host.GetAsync($"/api/v1/subscriptions/{subscription["id"]}");
        return (string)shown["phases"]![0]!["items"]!.AsArray().Single(item => (string?)item!["key"] == itemKey)!["entitlementId"]!;
    }

    /// <summary>So many requests were answered without any sidecar being asked; returns when everybody knows.</summary>
    public static async Task UsedAsync(TestHost host, string subject, int count, string? time = null)
    {
        var at = time ?? host.Now.ToString("uuuu-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
        var batch = new JsonArray([.. Enumerable.Range(0, count).Select(_ => (JsonNode)new JsonObject
        {
            ["specversion"] = "1.0", ["id"] = $"event-{Interlocked.Increment(ref events)}", ["source"] = "gateway", ["type"] = "ai.completion",
            ["subject"] = subject, ["time"] = at, ["data"] = new JsonObject { ["total_tokens"] = 10, ["model"] = "small" },
        })]);
        using var content = new ByteArrayContent(Encoding.UTF8.GetBytes(batch.ToJsonString()));
        content.Headers.ContentType = MediaTypeHeaderValue.Parse("application/cloudevents-batch+json");
        using var response = await host.Client.PostAsync("/api/v1/events", content);
        response.EnsureSuccessStatusCode();
        await SettleAsync(host);
    }

    /// <summary>Moving the clock to where it stands lets everything happen that is under way.</summary>
    public static Task SettleAsync(TestHost host) => host.PostAsync(
        "/api/v1/test-clock/advance", new JsonObject { ["to"] = NodaTime.Text.InstantPattern.ExtendedIso.Format(host.Now) }, 200);
}
