using System.Text.Json.Nodes;
using Metering.Testing;
using Xunit;

namespace Metering.Subscriptions.Tests.Subscribing;

/// <summary>A customer with several subscriptions at a time: nothing is billed twice, and what they entitle to goes by each feature's rule.</summary>
public sealed class SeveralSubscriptionsTests
{
    private const string Metered = """{"type":"metered","issueAfterReset":100,"isSoftLimit":true,"usagePeriod":"P1M"}""";

    [Fact]
    public async Task Two_plans_at_a_time_are_both_billed_and_what_they_include_adds_up()
    {
        await using var host = await OpenAsync();
        var first = await Some.SubscribedAsync(host, "acme", "pro");
        var second = await Some.SubscribedAsync(host, "acme", "support");

        Assert.Equal("active active", $"{first["status"]} {second["status"]}");
        var access = await host.GetAsync("/api/v1/customers/acme/access");
        Assert.Equal(200, (decimal)access["entitlements"]!["calls"]!["totalAvailableGrantAmount"]!);
        await Shop.UsedAsync(host, "acme-app", 3);
        await host.AdvanceToAsync("2026-02-15T09:00:00Z");
        var invoices = (await host.GetAsync("/api/v1/billing/invoices?customers=acme&orderBy=createdAt"))["items"]!.AsArray();
        Assert.Equal(
            ["pro 10", "support 20", "pro 13", "support 20"],
            invoices.Select(invoice => $"{invoice!["plan"]!["key"]} {decimal.Parse((string)invoice["totals"]!["total"]!):0.##}"));
    }

    [Fact]
    public async Task The_use_of_a_feature_is_billed_by_one_subscription_at_a_time_however_the_second_comes_about()
    {
        await using var host = await OpenAsync();
        await Some.SubscribedAsync(host, "acme", "pro");
        await Some.PublishedAsync(host, Some.Plan("rival", Usage("2")));

        var refused = await host.PostAsync("/api/v1/subscriptions", Some.Json("""{"plan":{"key":"rival"},"customerKey":"acme"}"""), 409);
        Assert.Equal("usage_twice", (string?)refused["errors"]![0]!["code"]);
        Assert.Contains("calls", (string?)refused["detail"], StringComparison.Ordinal);

        var support = await Some.SubscribedAsync(host, "acme", "support");
        var edit = new JsonObject
        {
            ["timing"] = "next_billing_cycle",
            ["customizations"] = new JsonArray(new JsonObject { ["op"] = "add_item", ["phaseKey"] = "main", ["rateCard"] = Usage("2") }),
        };
        using var patched = await host.Client.PatchAsync(
            $"/api/v1/subscriptions/{support["id"]}", new StringContent(edit.ToJsonString(), System.Text.Encoding.UTF8, "application/json"));
        Assert.Equal(409, (int)patched.StatusCode);
        Assert.Contains("usage_twice", await patched.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_second_subscription_may_bill_a_feature_from_where_the_first_ends()
    {
        await using var host = await OpenAsync();
        var first = await Some.SubscribedAsync(host, "acme", "pro");
        await Some.PublishedAsync(host, Some.Plan("rival", Usage("2")));
        await host.PostAsync($"/api/v1/subscriptions/{first["id"]}/cancel", Some.Json("""{"timing":"next_billing_cycle"}"""), 200);

        var next = await host.PostAsync(
            "/api/v1/subscriptions", Some.Json("""{"plan":{"key":"rival"},"customerKey":"acme","timing":"2026-02-15T09:00:00Z"}"""), 201);
        Assert.Equal("scheduled", (string?)next["status"]);

        // Now the first can not go on: both would bill.
        var refused = await host.PostAsync($"/api/v1/subscriptions/{first["id"]}/unschedule-cancelation", new JsonObject(), 409);
        Assert.Equal("usage_twice", (string?)refused["errors"]![0]!["code"]);
    }

    [Fact]
    public async Task A_subscription_that_is_followed_already_is_not_followed_by_a_second()
    {
        await using var host = await OpenAsync();
        var first = await Some.SubscribedAsync(host, "acme", "pro");
        await Some.PublishedAsync(host, Some.Plan("max", Some.Fee("fee", "99")));
        await host.PostAsync(
            $"/api/v1/subscriptions/{first["id"]}/change", Some.Json("""{"timing":"next_billing_cycle","plan":{"key":"max"}}"""), 200);

        await host.PostAsync(
            $"/api/v1/subscriptions/{first["id"]}/change", Some.Json("""{"timing":"next_billing_cycle","plan":{"key":"support"}}"""), 409);
        Assert.Equal(2, (int)(await host.GetAsync("/api/v1/subscriptions?customerKey=acme"))["totalCount"]!);
    }

    private static JsonObject Usage(string amount) => Some.Json($$"""
        {"type":"usage_based","key":"calls","name":"Calls","featureKey":"calls","billingCadence":"P1M",
         "price":{"type":"unit","amount":"{{amount}}"},"entitlementTemplate":{{Metered}} }
        """);

    private static async Task<TestHost> OpenAsync()
    {
        var host = await TestHost.StartAsync("2026-01-15T09:00:00Z");
        await host.PostAsync("/api/v1/meters", Some.Json("""{"slug":"calls","aggregation":"COUNT","eventType":"ai.completion"}"""), 201);
        await Some.FeatureAsync(host, "calls", "calls");
        await Some.CustomerAsync(host, "acme");
        await Some.PublishedAsync(host, Some.Plan("pro", Some.Fee("fee", "10"), Usage("1")));
        await Some.PublishedAsync(host, Some.Plan("support", Some.Fee("fee", "20"), Some.Entitled("calls", Metered)));
        return host;
    }
}
