using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Metering.Testing;
using NodaTime;
using NodaTime.Text;

namespace Metering.Subscriptions.Tests.Entitlements;

/// <summary>A shop that sells units: one meter that adds them up, one feature, one customer, and grants.</summary>
internal static class CreditShop
{
    private static int events;

    public static async Task<TestHost> OpenAsync(string startAt = "2026-01-01T00:00:00Z", string timeZone = "UTC")
    {
        var host = await TestHost.StartAsync(startAt);
        await host.PostAsync(
            "/api/v1/meters", Some.Json("""{"slug":"units","aggregation":"SUM","eventType":"unit","valueProperty":"$.amount"}"""), 201);
        await Some.FeatureAsync(host, "units", "units");
        await Some.CustomerAsync(host, "acme", timeZone);
        return host;
    }

    /// <summary>A metered entitlement of the customer; the fields given replace or add to a yearly one that grants nothing itself.</summary>
    public static Task<JsonNode> EntitledAsync(TestHost host, string fields = "{}", int expectedStatus = 201, string customer = "acme")
    {
        var body = Some.Json("""{"type":"metered","featureKey":"units","usagePeriod":{"interval":"YEAR"},"measureUsageFrom":"NOW"}""");
        foreach (var (name, value) in Some.Json(fields))
        {
            body[name] = value?.DeepClone();
        }

        return host.PostAsync($"/api/v2/customers/{customer}/entitlements", body, expectedStatus);
    }

    /// <summary>A top-up that is effective now; the fields given replace or add to it.</summary>
    public static Task<JsonNode> GrantedAsync(
        TestHost host, decimal amount, string fields = "{}", string featureKey = "units", int expectedStatus = 201)
    {
        var body = new JsonObject { ["amount"] = amount, ["effectiveAt"] = Text(host.Now) };
        foreach (var (name, value) in Some.Json(fields))
        {
            body[name] = value?.DeepClone();
        }

        return host.PostAsync($"/api/v2/customers/acme/entitlements/{featureKey}/grants", body, expectedStatus);
    }

    public static async Task UseAsync(TestHost host, decimal amount, string? time = null, string subject = "acme-app", string type = "unit")
    {
        var one = new JsonObject
        {
            ["specversion"] = "1.0", ["id"] = $"unit-{Interlocked.Increment(ref events)}", ["source"] = "test", ["type"] = type,
            ["subject"] = subject, ["time"] = time ?? Text(host.Now), ["data"] = new JsonObject { ["amount"] = amount },
        };
        using var content = new ByteArrayContent(Encoding.UTF8.GetBytes(one.ToJsonString()));
        content.Headers.ContentType = MediaTypeHeaderValue.Parse("application/cloudevents+json");
        using var response = await host.Client.PostAsync("/api/v1/events", content);
        response.EnsureSuccessStatusCode();
        await Shop.SettleAsync(host);
    }

    public static Task<JsonNode> ValueAsync(TestHost host, string featureKey = "units", string? time = null) =>
        host.GetAsync($"/api/v2/customers/acme/entitlements/{featureKey}/value{(time is null ? "" : $"?time={time}")}");

    /// <summary>What matters of a value on one line: balance, usage, overage, what there was in all.</summary>
    public static string Short(JsonNode value) => string.Create(
        CultureInfo.InvariantCulture,
        $"{(bool)value["hasAccess"]!} {value["balance"]} {value["usage"]} {value["overage"]} {value["totalAvailableGrantAmount"]}");

    public static async Task<string> ShortAsync(TestHost host, string featureKey = "units", string? time = null) =>
        Short(await ValueAsync(host, featureKey, time));

    public static Task ResetAsync(TestHost host, string fields = "{}", string featureKey = "units") =>
        host.PostAsync($"/api/v2/customers/acme/entitlements/{featureKey}/reset", Some.Json(fields), 204);

    /// <summary>An hour from now, because usage counts from this very instant already.</summary>
    public static async Task ResetLaterAsync(TestHost host)
    {
        await host.AdvanceToAsync(Text(host.Now + Duration.FromHours(1)));
        await ResetAsync(host);
    }

    public static async Task<JsonNode> PoolAsync(TestHost host) => (await host.GetAsync("/api/v1/sidecar/pools"))["items"]!.AsArray().Single()!;

    public static string Text(Instant instant) => InstantPattern.ExtendedIso.Format(instant);
}
