using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Metering.Testing;
using Xunit;

namespace Metering.Invoicing.Tests.Billing;

public sealed class FilteredFeatureTests
{
    [Fact]
    public async Task Only_the_usage_that_passes_the_features_filters_is_billed_and_shown_behind_the_line()
    {
        await using var host = await TestHost.StartAsync("2026-01-01T00:00:00Z");
        await host.PostAsync("/api/v1/meters", Json("""
            {"slug":"tokens","aggregation":"SUM","eventType":"llm","valueProperty":"$.tokens","groupBy":{"model":"$.model"}}
            """), 201);
        await host.PostAsync("/api/v1/features", Json("""
            {"key":"gpt","name":"GPT","meterSlug":"tokens","advancedMeterGroupByFilters":{"model":{"$like":"gpt%"}}}
            """), 201);
        await host.PostAsync("/api/v1/customers", Json("""
            {"name":"Acme","key":"acme","currency":"USD","usageAttribution":{"subjectKeys":["acme-app"]}}
            """), 201);
        var plan = await host.PostAsync("/api/v1/plans", Json("""
            {"key":"p","name":"P","currency":"USD","billingCadence":"P1M","phases":[{"key":"main","name":"Main","duration":null,"rateCards":[
             {"type":"usage_based","key":"gpt","name":"GPT","featureKey":"gpt","billingCadence":"P1M","price":{"type":"unit","amount":"0.5"}}]}]}
            """), 201);
        await host.PostAsync($"/api/v1/plans/{plan["id"]}/publish", new JsonObject(), 200);
        await host.PostAsync("/api/v1/subscriptions", Json("""{"plan":{"key":"p"},"customerKey":"acme"}"""), 201);
        await host.AdvanceToAsync("2026-01-10T00:00:00Z");
        await UseAsync(host, ("gpt-5", 10), ("small", 900), ("gpt-5-mini", 4));

        await host.AdvanceToAsync("2026-02-20T00:00:00Z");

        var invoice = (await host.GetAsync("/api/v1/billing/invoices?expand=lines"))["items"]![0]!;
        Assert.Equal("7", (string?)invoice["totals"]!["total"]);
        var line = invoice["lines"]!.AsArray().Single()!;
        var events = await host.GetAsync($"/api/v1/billing/invoices/{invoice["id"]}/lines/{line["id"]}/events");
        Assert.Equal(["gpt-5", "gpt-5-mini"], events["items"]!.AsArray().Select(one => (string?)one!["data"]!["model"]).Order());
    }

    private static async Task UseAsync(TestHost host, params (string Model, int Tokens)[] used)
    {
        var batch = new JsonArray([.. used.Select(one => (JsonNode)new JsonObject
        {
            ["specversion"] = "1.0", ["id"] = one.Model, ["source"] = "test", ["type"] = "llm", ["subject"] = "acme-app",
            ["time"] = "2026-01-09T12:00:00Z", ["data"] = new JsonObject { ["tokens"] = one.Tokens, ["model"] = one.Model },
        })]);
        using var content = new ByteArrayContent(Encoding.UTF8.GetBytes(batch.ToJsonString()));
        content.Headers.ContentType = MediaTypeHeaderValue.Parse("application/cloudevents-batch+json");
        using var response = await host.Client.PostAsync("/api/v1/events", content);
        response.EnsureSuccessStatusCode();
    }

    private static JsonObject Json(string text) => JsonNode.Parse(text)!.AsObject();
}
