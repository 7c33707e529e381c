using System.Text.Json.Nodes;
using Metering.Testing;

namespace Metering.Subscriptions.Tests;

/// <summary>Test data that says "any will do".</summary>
internal static class Some
{
    public static JsonObject Plan(string key, params JsonNode[] rateCards) => new()
    {
        ["key"] = key,
        ["name"] = $"Plan {key}",
        ["currency"] = "USD",
        ["billingCadence"] = "P1M",
        ["phases"] = new JsonArray(Phase("main", null, rateCards)),
    };

    public static JsonObject Phase(string key, string? duration, params JsonNode[] rateCards) => new()
    {
        ["key"] = key,
        ["name"] = $"Phase {key}",
        ["duration"] = duration,
        ["rateCards"] = new JsonArray(rateCards),
    };

    public static JsonObject FlatFee(string amount = "49.00") => Json("""
        {"type":"flat_fee","key":"platform","name":"Platform fee","billingCadence":"P1M",
         "price":{"type":"flat","amount":"AMOUNT","paymentTerm":"in_advance"}}
        """.Replace("AMOUNT", amount, StringComparison.Ordinal));

    /// <summary>A fee in advance under a key of its own.</summary>
    public static JsonObject Fee(string key, string amount, string cadence = "P1M") => Json($$"""
        {"type":"flat_fee","key":"{{key}}","name":"{{key}}","billingCadence":"{{cadence}}",
         "price":{"type":"flat","amount":"{{amount}}","paymentTerm":"in_advance"} }
        """);

    public static JsonObject Entitled(string featureKey, string template) => Json($$"""
        {"type":"flat_fee","key":"{{featureKey}}","name":"{{featureKey}}","featureKey":"{{featureKey}}","billingCadence":null,"price":null,
         "entitlementTemplate":{{template}}}
        """);

    public static JsonObject Json(string text) => JsonNode.Parse(text)!.AsObject();

    public static Task<JsonNode> FeatureAsync(TestHost host, string key, string? meterSlug = null) =>
        host.PostAsync("/api/v1/features", meterSlug is null
            ? new JsonObject { ["key"] = key, ["name"] = key }
            : new JsonObject { ["key"] = key, ["name"] = key, ["meterSlug"] = meterSlug }, 201);

    public static Task<JsonNode> CustomerAsync(TestHost host, string key, string timeZone = "UTC") => host.PostAsync(
        "/api/v1/customers",
        Json($$"""{"name":"{{key}} Inc","key":"{{key}}","usageAttribution":{"subjectKeys":["{{key}}-app"]},"timeZone":"{{timeZone}}"}"""), 201);

    public static async Task<JsonNode> PublishedAsync(TestHost host, JsonObject plan)
    {
        var draft = await host.PostAsync("/api/v1/plans", plan, 201);
        return await host.PostAsync($"/api/v1/plans/{draft["id"]}/publish", new JsonObject(), 200);
    }

    /// <summary>An add-on in force.</summary>
    public static async Task<JsonNode> AddonAsync(TestHost host, string key, string instanceType, params JsonNode[] rateCards)
    {
        var draft = await host.PostAsync("/api/v1/addons", new JsonObject
        {
            ["key"] = key, ["name"] = key, ["currency"] = "USD", ["instanceType"] = instanceType, ["rateCards"] = new JsonArray(rateCards),
        }, 201);
        return await host.PostAsync($"/api/v1/addons/{draft["id"]}/publish", new JsonObject(), 200);
    }

    public static Task<JsonNode> SubscribedAsync(TestHost host, string customerKey, string planKey) => host.PostAsync(
        "/api/v1/subscriptions", Json($$"""{"plan":{"key":"{{planKey}}"},"customerKey":"{{customerKey}}"}"""), 201);
}
