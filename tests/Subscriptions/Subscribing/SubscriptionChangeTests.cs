using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Metering.Testing;
using Xunit;

namespace Metering.Subscriptions.Tests.Subscribing;

/// <summary>Changes of running subscriptions through the API.</summary>
public sealed class SubscriptionChangeTests
{
    [Fact]
    public async Task What_a_subscription_sold_is_told_for_every_instant_as_it_was_known_then()
    {
        await using var host = await TestHost.StartAsync("2026-01-15T09:00:00Z");
        await Some.CustomerAsync(host, "acme");
        await Some.PublishedAsync(host, Some.Plan("pro", Some.Fee("fee", "10"), Some.Fee("support", "5")));
        var id = (string)(await Some.SubscribedAsync(host, "acme", "pro"))["id"]!;
        await host.AdvanceToAsync("2026-01-20T00:00:00Z");
        await EditAsync(host, id, AddItem("fee", "20"));
        await host.AdvanceToAsync("2026-01-25T00:00:00Z");
        await EditAsync(host, id, """{"op":"remove_item","phaseKey":"main","itemKey":"support"}""", "2026-03-01T00:00:00Z");
        await host.PostAsync($"/api/v1/subscriptions/{id}/cancel", Some.Json("""{"timing":"2026-06-01T00:00:00Z"}"""), 200);

        Assert.Equal("active fee 10, support 5", await AtAsync("2026-01-19T00:00:00Z"));
        Assert.Equal("active fee 20, support 5", await AtAsync("2026-01-24T00:00:00Z"));
        Assert.Equal("canceled fee 20, support 5", await AtAsync("2026-01-25T00:00:00Z"));
        Assert.Equal("canceled fee 20", await AtAsync("2026-03-01T00:00:00Z"));
        Assert.Equal("inactive fee 10", await AtAsync("2026-06-01T00:00:00Z"));
        await host.GetAsync($"/api/v1/subscriptions/{id}?at=2026-01-15T08:59:59Z", 404);

        async Task<string> AtAsync(string at)
        {
            var shown = await host.GetAsync($"/api/v1/subscriptions/{id}?at={at}");
            var items = shown["phases"]![0]!["items"]!.AsArray().Select(item => $"{item!["key"]} {item["price"]!["amount"]}");
            return $"{shown["status"]} {string.Join(", ", items)}";
        }
    }

    [Fact]
    public async Task A_changed_price_makes_a_successor_in_the_timeline_and_leaves_ids_and_quotas_of_the_rest()
    {
        await using var host = await Shop.OpenAsync();
        await Some.CustomerAsync(host, "acme");
        await Some.PublishedAsync(host, Some.Plan("own", Some.Fee("fee", "10"), Entitled("7")));
        var id = (string)(await Some.SubscribedAsync(host, "acme", "own"))["id"]!;
        await Shop.UsedAsync(host, "acme-app", 30);
        var before = (await host.GetAsync($"/api/v1/subscriptions/{id}"))["phases"]![0]!;
        await host.AdvanceToAsync("2026-01-20T00:00:00Z");

        await EditAsync(host, id, $$"""{"op":"add_item","phaseKey":"main","rateCard":{{Entitled("8").ToJsonString()}} }""");

        var after = (await host.GetAsync($"/api/v1/subscriptions/{id}"))["phases"]![0]!;
        Assert.Equal((string?)before["items"]![0]!["id"], (string?)after["items"]![0]!["id"]);
        var timeline = after["itemTimelines"]!["summarize"]!.AsArray();
        Assert.Equal(2, timeline.Count);
        Assert.Equal((string?)before["items"]![1]!["id"], (string?)timeline[0]!["id"]);
        Assert.Equal("2026-01-20T00:00:00Z", (string?)timeline[0]!["activeTo"]);
        Assert.Equal("2026-01-20T00:00:00Z", (string?)timeline[1]!["activeFrom"]);
        Assert.Equal((string?)timeline[0]!["entitlementId"], (string?)timeline[1]!["entitlementId"]);
        Assert.Equal("summarize", (string?)timeline[1]!["included"]!["feature"]!["key"]);
        Assert.Equal(70m, (decimal)(await host.GetAsync("/api/v1/customers/acme/entitlements/summarize/value"))["balance"]!);
    }

    [Fact]
    public async Task An_edit_that_was_scheduled_is_taken_back_and_a_stale_one_is_refused()
    {
        await using var host = await TestHost.StartAsync("2026-01-15T09:00:00Z");
        await Some.CustomerAsync(host, "acme");
        await Some.PublishedAsync(host, Some.Plan("pro", Some.Fee("fee", "10")));
        var id = (string)(await Some.SubscribedAsync(host, "acme", "pro"))["id"]!;
        using var seen = await host.Client.GetAsync($"/api/v1/subscriptions/{id}");
        var before = JsonNode.Parse(await seen.Content.ReadAsStringAsync())!["phases"]!.ToJsonString();

        await EditAsync(host, id, AddItem("fee", "20"), "next_billing_cycle");
        Assert.NotEqual(before, (await host.GetAsync($"/api/v1/subscriptions/{id}"))["phases"]!.ToJsonString());
        await EditAsync(host, id, """{"op":"unschedule_edit"}""");
        Assert.Equal(before, (await host.GetAsync($"/api/v1/subscriptions/{id}"))["phases"]!.ToJsonString());

        using var request = new HttpRequestMessage(HttpMethod.Patch, $"/api/v1/subscriptions/{id}");
        request.Headers.IfMatch.Add(seen.Headers.ETag!);
        request.Content = JsonContent.Create(Some.Json("""{"customizations":[{"op":"unschedule_edit"}]}"""));
        using var stale = await host.Client.SendAsync(request);
        Assert.Equal(HttpStatusCode.PreconditionFailed, stale.StatusCode);
    }

    [Fact]
    public async Task A_plan_of_its_own_starts_in_a_later_phase_and_has_no_plan_to_name()
    {
        await using var host = await TestHost.StartAsync("2026-01-31T09:00:00Z");
        await Some.CustomerAsync(host, "acme");
        var body = new JsonObject
        {
            ["customerKey"] = "acme", ["billingAnchor"] = "2025-11-30T09:00:00Z", ["timing"] = "next_billing_cycle", ["name"] = "Deal",
            ["startingPhase"] = "paid",
            ["customPlan"] = new JsonObject
            {
                ["name"] = "Made for acme", ["currency"] = "USD", ["billingCadence"] = "P1M",
                ["phases"] = new JsonArray(Some.Phase("trial", "P1M"), Some.Phase("paid", null, Some.Fee("fee", "10"))),
            },
        };
        var made = await host.PostAsync("/api/v1/subscriptions", body, 201);

        Assert.Equal("scheduled", (string?)made["status"]);
        Assert.Equal("2026-02-28T09:00:00Z", (string?)made["activeFrom"]);
        Assert.Equal("2026-02-28T09:00:00Z", (string?)made["billingAnchor"]);
        Assert.Null(made["plan"]);
        await host.AdvanceToAsync("2026-03-30T09:00:00Z");
        var invoices = (await host.GetAsync("/api/v1/billing/invoices?customers=acme"))["items"]!.AsArray();
        Assert.Equal(["plan.custom", "plan.custom"], invoices.Select(invoice => (string?)invoice!["plan"]!["key"]));
        Assert.Equal("Made for acme", (string?)invoices[0]!["plan"]!["name"]);
    }

    [Fact]
    public async Task What_was_to_follow_is_deleted_by_a_restoration_and_stands_in_the_way_of_a_mere_continuation()
    {
        await using var host = await TestHost.StartAsync("2026-01-15T09:00:00Z");
        await Some.CustomerAsync(host, "acme");
        await Some.PublishedAsync(host, Some.Plan("pro", Some.Fee("fee", "10")));
        await Some.PublishedAsync(host, Some.Plan("max", Some.Fee("fee", "20")));
        var id = (string)(await Some.SubscribedAsync(host, "acme", "pro"))["id"]!;
        var changed = await host.PostAsync(
            $"/api/v1/subscriptions/{id}/change", Some.Json("""{"timing":"next_billing_cycle","plan":{"key":"max"}}"""), 200);
        var next = (string)changed["next"]!["id"]!;

        await host.PostAsync($"/api/v1/subscriptions/{id}/unschedule-cancelation", new JsonObject(), 409);
        var restored = await host.PostAsync($"/api/v1/subscriptions/{id}/restore", new JsonObject(), 200);

        Assert.Equal("active", (string?)restored["status"]);
        Assert.Null(restored["activeTo"]);
        await host.GetAsync($"/api/v1/subscriptions/{next}", 404);
        Assert.Equal(1, (int)(await host.GetAsync("/api/v1/customers/acme/subscriptions"))["totalCount"]!);
        await host.AdvanceToAsync("2026-03-01T00:00:00Z");
        var invoices = (await host.GetAsync("/api/v1/billing/invoices?customers=acme"))["items"]!.AsArray();
        Assert.Equal(["10", "10"], invoices.Select(invoice => (string?)invoice!["totals"]!["total"]));
    }

    [Fact]
    public async Task A_scheduled_subscription_is_deleted_before_it_starts_and_never_bills()
    {
        await using var host = await TestHost.StartAsync("2026-01-15T09:00:00Z");
        await Some.CustomerAsync(host, "acme");
        await Some.PublishedAsync(host, Some.Plan("pro", Some.Fee("fee", "10"), Some.Entitled(await KeyOfAsync(host), """{"type":"boolean"}""")));
        var made = await host.PostAsync(
            "/api/v1/subscriptions", Some.Json("""{"customerKey":"acme","plan":{"key":"pro"},"timing":"2026-02-01T00:00:00Z"}"""), 201);

        using var deleted = await host.Client.DeleteAsync($"/api/v1/subscriptions/{made["id"]}");
        Assert.Equal(HttpStatusCode.NoContent, deleted.StatusCode);
        await host.AdvanceToAsync("2026-03-01T00:00:00Z");

        Assert.Equal(0, (int)(await host.GetAsync("/api/v1/customers/acme/subscriptions"))["totalCount"]!);
        Assert.Equal(0, (int)(await host.GetAsync("/api/v1/billing/invoices?customers=acme"))["totalCount"]!);
        Assert.Empty((await host.GetAsync("/api/v1/customers/acme/access"))["entitlements"]!.AsObject());
        await Some.SubscribedAsync(host, "acme", "pro");

        static async Task<string> KeyOfAsync(TestHost host) => (string)(await Some.FeatureAsync(host, "reasoning"))["key"]!;
    }

    [Fact]
    public async Task Subscriptions_of_a_customer_are_listed_by_status_and_time()
    {
        await using var host = await TestHost.StartAsync("2026-01-15T09:00:00Z");
        await Some.CustomerAsync(host, "acme");
        await Some.PublishedAsync(host, Some.Plan("pro", Some.Fee("fee", "10")));
        var first = await Some.SubscribedAsync(host, "acme", "pro");
        await host.PostAsync($"/api/v1/subscriptions/{first["id"]}/cancel", Some.Json("""{"timing":"2026-02-01T00:00:00Z"}"""), 200);
        var second = await host.PostAsync(
            "/api/v1/subscriptions", Some.Json("""{"customerKey":"acme","plan":{"key":"pro"},"timing":"2026-02-01T00:00:00Z"}"""), 201);

        Assert.Equal([(string?)first["id"]], await ListAsync("status=canceled"));
        Assert.Equal([(string?)second["id"]], await ListAsync("status=scheduled&status=active"));
        Assert.Equal([(string?)second["id"], (string?)first["id"]], await ListAsync("orderBy=activeFrom&order=DESC"));

        async Task<IEnumerable<string?>> ListAsync(string query) =>
            (await host.GetAsync($"/api/v1/customers/acme/subscriptions?{query}"))["items"]!.AsArray().Select(one => (string?)one!["id"]);
    }

    private static JsonObject Entitled(string amount) => Some.Json($$"""
        {"type":"flat_fee","key":"summarize","name":"Sum","featureKey":"summarize","billingCadence":"P1M",
         "price":{"type":"flat","amount":"{{amount}}"},"entitlementTemplate":{"type":"metered","issueAfterReset":100} }
        """);

    private static string AddItem(string key, string amount) =>
        $$"""{"op":"add_item","phaseKey":"main","rateCard":{{Some.Fee(key, amount).ToJsonString()}} }""";

    private static async Task EditAsync(TestHost host, string id, string customization, string timing = "immediate")
    {
        using var response = await host.Client.PatchAsJsonAsync(
            $"/api/v1/subscriptions/{id}", Some.Json($$"""{"timing":"{{timing}}","customizations":[{{customization}}]}"""));
        Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync());
    }
}
