using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Metering.Testing;
using Xunit;

namespace Metering.Subscriptions.Tests.Plans;

/// <summary>Versions of plans and add-ons over time.</summary>
public sealed class PlanVersionTests
{
    [Fact]
    public async Task A_version_that_is_scheduled_takes_effect_on_time_and_can_be_scheduled_anew_until_then()
    {
        await using var host = await TestHost.StartAsync("2026-01-15T09:00:00Z");
        await Some.CustomerAsync(host, "early");
        await Some.CustomerAsync(host, "late");
        var first = await Some.PublishedAsync(host, Some.Plan("pro", Some.Fee("fee", "10")));
        var next = await host.PostAsync("/api/v1/plans/pro/next", new JsonObject(), 201);
        using var put = await host.Client.PutAsJsonAsync($"/api/v1/plans/{next["id"]}", Some.Json("""
            {"name":"Pro","billingCadence":"P1M","phases":[{"key":"main","name":"Main","duration":null,"rateCards":[]}]}
            """));
        put.EnsureSuccessStatusCode();

        var scheduled = await PublishAsync("2026-02-01T00:00:00Z");
        Assert.Equal("scheduled", (string?)scheduled["status"]);
        Assert.Equal("active", (string?)(await host.GetAsync($"/api/v1/plans/{first["id"]}"))["status"]);
        Assert.Equal(1, (int)(await Some.SubscribedAsync(host, "early", "pro"))["plan"]!["version"]!);
        await PublishAsync("2026-01-20T00:00:00Z");

        await host.AdvanceToAsync("2026-01-19T23:59:59Z");
        Assert.Equal(1, (int)(await host.GetAsync("/api/v1/plans/pro"))["version"]!);
        await host.AdvanceToAsync("2026-01-20T00:00:00Z");
        Assert.Equal(2, (int)(await host.GetAsync("/api/v1/plans/pro"))["version"]!);
        Assert.Equal("archived", (string?)(await host.GetAsync($"/api/v1/plans/{first["id"]}"))["status"]);
        Assert.Equal(2, (int)(await Some.SubscribedAsync(host, "late", "pro"))["plan"]!["version"]!);
        await host.PostAsync($"/api/v1/plans/{next["id"]}/publish", Some.Json("""{"effectiveFrom":"2026-03-01T00:00:00Z"}"""), 409);
        var listed = await host.GetAsync("/api/v1/plans?key=pro&status=active");
        Assert.Equal(2, (int)Assert.Single(listed["items"]!.AsArray())!["version"]!);

        Task<JsonNode> PublishAsync(string from) =>
            host.PostAsync($"/api/v1/plans/{next["id"]}/publish", new JsonObject { ["effectiveFrom"] = from }, 200);
    }

    [Fact]
    public async Task A_scheduled_version_that_is_archived_never_takes_effect_and_the_one_before_it_goes_on()
    {
        await using var host = await TestHost.StartAsync("2026-01-15T09:00:00Z");
        await Some.CustomerAsync(host, "acme");
        var first = await Some.PublishedAsync(host, Some.Plan("pro", Some.Fee("fee", "10")));
        var next = await host.PostAsync("/api/v1/plans/pro/next", new JsonObject(), 201);
        await host.PostAsync($"/api/v1/plans/{next["id"]}/publish", Some.Json("""{"effectiveFrom":"2026-02-01T00:00:00Z"}"""), 200);
        var third = await host.PostAsync("/api/v1/plans/pro/next", new JsonObject(), 201);
        await host.PostAsync($"/api/v1/plans/{third["id"]}/publish", Some.Json("""{"effectiveFrom":"2026-03-01T00:00:00Z"}"""), 200);

        var withdrawn = await host.PostAsync($"/api/v1/plans/{next["id"]}/archive", new JsonObject(), 200);

        Assert.Equal("archived", (string?)withdrawn["status"]);
        Assert.Equal("2026-03-01T00:00:00Z", (string?)(await host.GetAsync($"/api/v1/plans/{first["id"]}"))["effectiveTo"]);
        await host.PostAsync($"/api/v1/plans/{third["id"]}/archive", new JsonObject(), 200);
        await host.AdvanceToAsync("2026-03-02T00:00:00Z");
        Assert.Null((await host.GetAsync($"/api/v1/plans/{first["id"]}"))["effectiveTo"]);
        Assert.Equal(1, (int)(await Some.SubscribedAsync(host, "acme", "pro"))["plan"]!["version"]!);
        await host.PostAsync($"/api/v1/plans/{third["id"]}/archive", new JsonObject(), 409);
        Assert.Equal(4, (int)(await Some.PublishedAsync(host, Some.Plan("pro", Some.Fee("fee", "20"))))["version"]!);
    }

    [Fact]
    public async Task Versions_of_a_key_are_listed_by_their_numbers()
    {
        await using var host = await TestHost.StartAsync("2026-01-15T09:00:00Z");
        var plan = await Some.PublishedAsync(host, Some.Plan("pro", Some.Fee("fee", "10")));
        await Some.PublishedAsync(host, Some.Plan("pro", Some.Fee("fee", "20")));
        await Some.PublishedAsync(host, Some.Plan("max", Some.Fee("fee", "20")));
        await Some.AddonAsync(host, "seats", "multiple", Some.Fee("seats", "5"));
        plan = await host.GetAsync("/api/v1/plans/pro");
        foreach (var key in new[] { "seats", "support" })
        {
            var addon = await Some.AddonAsync(host, key, "multiple", Some.Fee(key, "6"));
            await host.PostAsync($"/api/v1/plans/{plan["id"]}/addons", Some.Json($$"""{"addonId":"{{addon["id"]}}","fromPlanPhase":"main"}"""), 201);
        }

        Assert.Equal("pro 2", await ListedAsync("plans?keyVersion[pro]=2"));
        Assert.Equal("max 1, pro 1, pro 2", await ListedAsync("plans?keyVersion[pro]=1,2&keyVersion[max]=1"));
        Assert.Equal("", await ListedAsync("plans?keyVersion[pro]=9"));
        Assert.Equal("seats 1", await ListedAsync("addons?keyVersion[seats]=1"));
        Assert.Equal("seats 2", await ListedAsync("plans/pro/addons?keyVersion[seats]=2", "addon"));
        Assert.Equal("", await ListedAsync("plans/pro/addons?keyVersion[seats]=1", "addon"));
        Assert.Equal("support 1, seats 2", await ListedAsync("plans/pro/addons?orderBy=key&order=DESC", "addon"));
        var wrong = await host.GetAsync("/api/v1/plans?keyVersion[pro]=first", 400);
        Assert.Equal("?keyVersion[pro]", (string?)wrong["errors"]![0]!["pointer"]);

        async Task<string> ListedAsync(string path, string? within = null) => string.Join(", ", (await host.GetAsync($"/api/v1/{path}"))["items"]!
            .AsArray().Select(item => within is null ? item! : item![within]!).Select(item => $"{item["key"]} {item["version"]}"));
    }

    [Fact]
    public async Task The_next_draft_says_what_the_latest_version_says_with_its_addons()
    {
        await using var host = await TestHost.StartAsync();
        var plan = await Some.PublishedAsync(host, Some.Plan("pro", Some.Fee("fee", "10")));
        var addon = await Some.AddonAsync(host, "seats", "multiple", Some.Fee("seats", "5"));
        await host.PostAsync($"/api/v1/plans/{plan["id"]}/addons", new JsonObject
        {
            ["addonId"] = (string)addon["id"]!, ["fromPlanPhase"] = "main", ["maxQuantity"] = 9,
        }, 201);

        var next = await host.PostAsync($"/api/v1/plans/{plan["id"]}/next", new JsonObject(), 201);

        Assert.Equal(2, (int)next["version"]!);
        Assert.Equal("draft", (string?)next["status"]);
        Assert.Equal(plan["phases"]!.ToJsonString(), next["phases"]!.ToJsonString());
        var offered = (await host.GetAsync($"/api/v1/plans/{next["id"]}/addons"))["items"]!.AsArray();
        Assert.Equal(9, (int)Assert.Single(offered)!["maxQuantity"]!);
    }

    [Fact]
    public async Task An_addon_is_bought_by_its_version_in_force_and_adds_to_what_the_plan_allows()
    {
        await using var host = await Shop.OpenAsync();
        await Some.CustomerAsync(host, "acme");
        var plan = await Some.PublishedAsync(host, Some.Plan("own", Calls("summarize", "10", 100)));
        var addon = await OfferedAsync("more", Calls("summarize", "5", 50));
        var burst = await OfferedAsync("burst", Calls("burst", "1", 7));
        var id = (string)(await Some.SubscribedAsync(host, "acme", "own"))["id"]!;
        await host.AdvanceToAsync("2026-01-16T00:00:00Z");

        var bought = await BuyAsync(addon);
        await BuyAsync(burst);

        Assert.Equal("more", (string?)bought["addon"]!["key"]);
        var items = (await host.GetAsync($"/api/v1/subscriptions/{id}"))["phases"]![0]!["items"]!.AsArray();
        Assert.Equal(["summarize 20", "burst 2"], items.Select(item => $"{item!["key"]} {item["price"]!["amount"]}"));
        Assert.Equal("burst × 2", (string?)items[1]!["name"]);
        Assert.Contains((string?)items[0]!["id"], bought["rateCards"]![0]!["affectedSubscriptionItemIds"]!.AsArray().Select(one => (string?)one));

        // 200 of the item that the add-on joined, and 2 × 7 of the one that is its own.
        Assert.Equal(214m, (decimal)(await host.GetAsync("/api/v1/customers/acme/entitlements/summarize/value"))["balance"]!);
        Assert.Equal(2, (await host.GetAsync($"/api/v1/subscriptions/{id}/addons")).AsArray().Count);

        async Task<JsonNode> OfferedAsync(string key, JsonNode card)
        {
            var made = await Some.AddonAsync(host, key, "multiple", card);
            await host.PostAsync($"/api/v1/plans/{plan["id"]}/addons", new JsonObject
            {
                ["addonId"] = (string)made["id"]!, ["fromPlanPhase"] = "main",
            }, 201);
            return made;
        }

        Task<JsonNode> BuyAsync(JsonNode one) => host.PostAsync($"/api/v1/subscriptions/{id}/addons", new JsonObject
        {
            ["name"] = (string)one["name"]!, ["quantity"] = 2, ["timing"] = "immediate", ["addon"] = new JsonObject { ["id"] = (string)one["id"]! },
        }, 201);
    }

    private static JsonObject Calls(string key, string amount, int issue) => Some.Json($$"""
        {"type":"flat_fee","key":"{{key}}","name":"{{key}}","featureKey":"summarize","billingCadence":"P1M",
         "price":{"type":"flat","amount":"{{amount}}"},"entitlementTemplate":{"type":"metered","issueAfterReset":{{issue}} } }
        """);
}
