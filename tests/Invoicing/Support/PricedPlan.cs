using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Metering.Testing;

namespace Metering.Invoicing.Tests.Support;

/// <summary>A plan of any prices on one meter of amounts, <c>payments</c>, which sums <c>amount</c> and groups by <c>kind</c>.</summary>
internal static class PricedPlan
{
    private static int events;

    /// <param name="prices">One usage-based card for each, in this order; a flat price is a fee.</param>
    public static async Task PublishAsync(TestHost host, string key, string? minimumSpend, params string[] prices)
    {
        if (await host.Client.GetAsync("/api/v1/meters/payments") is { IsSuccessStatusCode: false })
        {
            await host.PostAsync("/api/v1/meters", Json("""
                {"slug":"payments","eventType":"payment","aggregation":"SUM","valueProperty":"$.amount","groupBy":{"kind":"$.kind"}}
                """), 201);
            await host.PostAsync("/api/v1/features", Json("""{"key":"payments","name":"Payments","meterSlug":"payments"}"""), 201);
        }

        var cards = prices.Select((price, i) => (JsonNode)new JsonObject
        {
            ["type"] = "usage_based", ["key"] = $"card-{i + 1}", ["name"] = $"Card {i + 1}", ["featureKey"] = "payments", ["billingCadence"] = "P1M",
            ["price"] = JsonNode.Parse(price),
        });
        var plan = Json($$"""{"key":"{{key}}","name":"{{key}}","currency":"USD","billingCadence":"P1M"}""");
        plan["phases"] = new JsonArray(new JsonObject
        {
            ["key"] = "main", ["name"] = "Main", ["duration"] = null, ["rateCards"] = new JsonArray([.. cards]),
        });
        if (minimumSpend is not null)
        {
            plan["commitment"] = new JsonObject { ["minimumSpend"] = minimumSpend };
        }

        await host.PostAsync("/api/v1/plans", plan, 201);
        await host.PostAsync($"/api/v1/plans/{key}/publish", new JsonObject(), 200);
    }

    public static async Task PayAsync(TestHost host, string subject, string time, params string[] amounts)
    {
        var batch = new JsonArray([.. amounts.Select(amount => (JsonNode)new JsonObject
        {
            ["specversion"] = "1.0", ["id"] = $"{Interlocked.Increment(ref events):000000}", ["source"] = "till", ["type"] = "payment",
            ["subject"] = subject, ["time"] = time,
            ["data"] = new JsonObject { ["amount"] = amount, ["kind"] = amount.Length > 5 ? "large" : "small" },
        })]);
        using var content = new StringContent(batch.ToJsonString(), Encoding.UTF8);
        content.Headers.ContentType = MediaTypeHeaderValue.Parse("application/cloudevents-batch+json");
        using var response = await host.Client.PostAsync("/api/v1/events", content);
        response.EnsureSuccessStatusCode();
    }

    private static JsonObject Json(string text) => JsonNode.Parse(text)!.AsObject();
}
