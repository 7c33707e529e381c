using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Metering.Testing;

namespace Metering.Scenarios;

/// <summary>What people and gateways do in a story, each as one sentence, through the HTTP face of a running Host.</summary>
internal sealed class Story : IAsyncDisposable
{
    private const string EventSource = "story";
    private int events;

    public Story(TestHost host) => Host = host;

    public TestHost Host { get; }

    /// <summary>A Host with the sample price list published.</summary>
    public static async Task<Story> BeginAsync(string startAt = "2026-01-15T09:00:00Z")
    {
        var host = await TestHost.StartAsync(startAt);
        await SampleCatalog.PublishAsync((path, body) => host.PostAsync(path, body));
        return new Story(host);
    }

    /// <summary>A customer whose events carry its key as their subject.</summary>
    public async Task SignUpAsync(string key, string plan)
    {
        await Host.PostAsync("/api/v1/customers", new JsonObject
        {
            ["name"] = key,
            ["key"] = key,
            ["usageAttribution"] = new JsonObject { ["subjectKeys"] = new JsonArray(key) },
        });
        await SubscribeAsync(key, plan);
    }

    public Task<JsonNode> SubscribeAsync(string customer, string plan) => Host.PostAsync("/api/v1/subscriptions", new JsonObject
    {
        ["customerKey"] = customer,
        ["plan"] = new JsonObject { ["key"] = plan },
    });

    public async Task UseAsync(string customer, string time, long tokens) => await PostEventsAsync(
    [
        new JsonObject
        {
            ["specversion"] = "1.0",
            ["id"] = $"event-{++events}",
            ["source"] = EventSource,
            ["type"] = "ai.completion",
            ["subject"] = customer,
            ["time"] = time,
            ["data"] = new JsonObject { ["model"] = "m-1", ["total_tokens"] = tokens },
        },
    ]);

    public async Task PostEventsAsync(JsonArray batch)
    {
        using var content = JsonContent.Create(batch, new MediaTypeHeaderValue("application/cloudevents-batch+json"));
        using var response = await Host.Client.PostAsync("/api/v1/events", content);
        if (!response.IsSuccessStatusCode)
        {
            throw new InvalidOperationException($"{(int)response.StatusCode}: {await response.Content.ReadAsStringAsync()}");
        }
    }

    /// <summary>With lines, oldest first.</summary>
    public async Task<IReadOnlyList<JsonNode>> InvoicesOfAsync(string customer)
    {
        var page = await Host.GetAsync($"/api/v1/billing/invoices?customers={customer}&expand=lines");
        return [.. page["items"]!.AsArray().Select(invoice => invoice!).OrderBy(invoice => (string?)invoice["number"], StringComparer.Ordinal)];
    }

    public async Task<decimal> UsageAsync(string meter, string customer)
    {
        var answer = await Host.GetAsync($"/api/v1/meters/{meter}/query?subject={customer}");
        return answer["data"]!.AsArray().Sum(row => row!["value"]!.GetValue<decimal>());
    }

    public ValueTask DisposeAsync() => Host.DisposeAsync();
}
