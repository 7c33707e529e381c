using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Metering.Notifications.Tests.Support;
using Xunit;

namespace Metering.Notifications.Tests.Watching;

public sealed class WatchingTests
{
    private const string Thresholds = ""","thresholds":[{"type":"usage_percentage","value":80},{"type":"balance_value","value":0}]""";

    [Fact]
    public async Task Each_threshold_is_told_once_in_a_period_and_again_in_the_next()
    {
        await using var desk = await Desk.OpenAsync();
        await desk.EntitleAsync();
        await desk.RuleAsync("entitlements.balance.threshold", Thresholds);

        await desk.UseAsync(79);
        Assert.Empty(desk.Receiver.Requests);
        await desk.UseAsync(1);
        Assert.Equal(["usage_percentage 80"], Told(desk));
        await desk.UseAsync(5);
        await desk.UseAsync(20);
        await desk.UseAsync(20);
        Assert.Equal(["usage_percentage 80", "balance_value 0"], Told(desk));

        await desk.Host.AdvanceToAsync("2026-02-16T00:00:00Z");
        await desk.UseAsync(90);
        Assert.Equal(["usage_percentage 80", "balance_value 0", "usage_percentage 80"], Told(desk));
    }

    [Fact]
    public async Task What_is_told_is_who_what_and_how_much_there_is_left()
    {
        await using var desk = await Desk.OpenAsync();
        var entitlement = await desk.EntitleAsync();
        await desk.RuleAsync("entitlements.balance.threshold", Thresholds);

        await desk.UseAsync(85);

        var data = desk.Receiver.Requests.Single().Json["data"]!;
        Assert.Equal((string?)entitlement["id"], (string?)data["entitlement"]!["id"]);
        Assert.Equal(("calls", "acme-app", "acme"), (
            (string?)data["feature"]!["key"], (string?)data["subject"]!["key"], (string?)data["customer"]!["key"]));
        Assert.Equal("""{"hasAccess":true,"balance":15,"usage":85,"overage":0,"totalAvailableGrantAmount":100}""", data["value"]!.ToJsonString());
        Assert.Equal("""{"value":80,"type":"usage_percentage"}""", data["threshold"]!.ToJsonString());
    }

    [Fact]
    public async Task A_top_up_after_a_threshold_makes_it_no_new_one()
    {
        await using var desk = await Desk.OpenAsync();
        await desk.EntitleAsync();
        await desk.RuleAsync("entitlements.balance.threshold", ""","thresholds":[{"type":"balance_value","value":10}]""");
        await desk.UseAsync(95);

        await desk.Host.PostAsync(
            "/api/v2/customers/acme/entitlements/calls/grants", Desk.Json("""{"amount":50,"effectiveAt":"2026-01-15T09:00:00Z"}"""), 201);
        await desk.UseAsync(50);

        Assert.Single(desk.Receiver.Requests);
    }

    [Fact]
    public async Task Rules_that_are_disabled_or_about_other_features_say_nothing()
    {
        await using var desk = await Desk.OpenAsync();
        await desk.EntitleAsync();
        await desk.Host.PostAsync("/api/v1/features", Desk.Json("""{"key":"other","name":"Other"}"""), 201);
        await desk.RuleAsync("entitlements.balance.threshold", Thresholds + ""","disabled":true""");
        await desk.RuleAsync("entitlements.balance.threshold", Thresholds + ""","features":["other"]""");
        var mine = await desk.RuleAsync("entitlements.balance.threshold", Thresholds + ""","features":["calls"]""");

        await desk.UseAsync(85);

        Assert.Equal((string?)mine["id"], (string?)Assert.Single(await desk.EventsAsync())!["rule"]!["id"]);
    }

    [Fact]
    public async Task Every_channel_of_a_rule_is_told_but_a_disabled_one()
    {
        await using var desk = await Desk.OpenAsync();
        await desk.EntitleAsync();
        var (first, second, off) = (await desk.ChannelAsync(), await desk.ChannelAsync(), await desk.ChannelAsync(""","disabled":true"""));
        await desk.RuleAsync("entitlements.balance.threshold", Thresholds, first, second, off);

        await desk.UseAsync(85);

        Assert.Equal(2, desk.Receiver.Requests.Length);
        var status = (await desk.EventsAsync())[0]!["deliveryStatus"]!.AsArray();
        Assert.Equal(
            new[] { first, second }.Select(channel => (string?)channel["id"]).Order(), status.Select(one => (string?)one!["channel"]!["id"]).Order());
    }

    [Fact]
    public async Task Events_are_found_by_feature_subject_rule_channel_and_time()
    {
        await using var desk = await Desk.OpenAsync();
        await desk.EntitleAsync();
        var channel = await desk.ChannelAsync();
        var rule = await desk.RuleAsync("entitlements.balance.threshold", Thresholds, channel);
        await desk.UseAsync(85);
        await desk.Host.AdvanceToAsync("2026-01-16T09:00:00Z");
        await desk.UseAsync(20);

        foreach (var (query, count) in new[]
        {
            ("", 2), ("&feature=calls", 2), ("&feature=other", 0), ("&subject=acme-app", 2), ("&subject=nobody", 0), ($"&rule={rule["id"]}", 2),
            ($"&rule={channel["id"]}", 0), ($"&channel={channel["id"]}", 2), ($"&channel={rule["id"]}", 0), ("&from=2026-01-16T00:00:00Z", 1),
            ("&to=2026-01-15T09:00:00Z", 1), ("&pageSize=1&page=2", 1),
        })
        {
            Assert.True(count == (await desk.EventsAsync(query)).Count, query);
        }
    }

    [Fact]
    public async Task A_reset_by_hand_is_told_at_once_and_the_end_of_a_period_when_it_comes()
    {
        await using var desk = await Desk.OpenAsync();
        await desk.RuleAsync("entitlements.reset", ""","features":["calls"]""");
        await desk.EntitleAsync();
        await desk.UseAsync(10);
        await desk.Host.AdvanceToAsync("2026-01-20T00:00:00Z");
        Assert.Empty(desk.Receiver.Requests);

        var reset = await desk.Host.Client.PostAsJsonAsync(
            "/api/v2/customers/acme/entitlements/calls/reset", new JsonObject { ["retainAnchor"] = true });
        Assert.True(reset.IsSuccessStatusCode);
        await desk.SettleAsync();
        Assert.Equal(["2026-01-20T00:00:00Z"], desk.Receiver.Requests.Select(request => (string?)request.Json["timestamp"]));

        await desk.Host.AdvanceToAsync("2026-03-20T00:00:00Z");
        Assert.Equal(
            ["2026-01-20T00:00:00Z", "2026-02-15T09:00:00Z", "2026-03-15T09:00:00Z"],
            desk.Receiver.Requests.Select(request => (string?)request.Json["timestamp"]));
        Assert.Equal(0, (int)desk.Receiver.Requests[1].Json["data"]!["value"]!["usage"]!);
    }

    [Fact]
    public async Task An_entitlement_that_is_yet_to_begin_is_watched_from_its_beginning()
    {
        await using var desk = await Desk.OpenAsync();
        await desk.RuleAsync("entitlements.reset");
        await desk.Host.PostAsync("/api/v1/plans", Desk.Json("""
            {"key":"p","name":"P","currency":"USD","billingCadence":"P1M","phases":[{"key":"main","name":"Main","duration":null,"rateCards":[
             {"type":"flat_fee","key":"calls","name":"Calls","featureKey":"calls","billingCadence":null,"price":null,
              "entitlementTemplate":{"type":"metered","issueAfterReset":5,"usagePeriod":"P1M"}}]}]}
            """), 201);
        var plan = (await desk.Host.GetAsync("/api/v1/plans"))["items"]![0]!;
        await desk.Host.PostAsync($"/api/v1/plans/{plan["id"]}/publish", new JsonObject(), 200);
        await desk.Host.PostAsync(
            "/api/v1/subscriptions", Desk.Json("""{"plan":{"key":"p"},"customerKey":"acme","timing":"2026-02-01T00:00:00Z"}"""), 201);

        await desk.Host.AdvanceToAsync("2026-02-10T00:00:00Z");
        Assert.Empty(desk.Receiver.Requests);
        await desk.Host.AdvanceToAsync("2026-03-10T00:00:00Z");

        Assert.Equal(["2026-03-01T00:00:00Z"], desk.Receiver.Requests.Select(request => (string?)request.Json["timestamp"]));
    }

    [Fact]
    public async Task A_new_invoice_is_told_as_the_api_shows_it()
    {
        await using var desk = await Desk.OpenAsync();
        await desk.RuleAsync("invoice.created");
        await desk.Host.PostAsync("/api/v1/plans", Desk.Json("""
            {"key":"p","name":"P","currency":"USD","billingCadence":"P1M","phases":[{"key":"main","name":"Main","duration":null,"rateCards":[
             {"type":"flat_fee","key":"fee","name":"Fee","billingCadence":"P1M","price":{"type":"flat","amount":"49","paymentTerm":"in_advance"}}]}]}
            """), 201);
        var plan = (await desk.Host.GetAsync("/api/v1/plans"))["items"]![0]!;
        await desk.Host.PostAsync($"/api/v1/plans/{plan["id"]}/publish", new JsonObject(), 200);
        await desk.Host.PostAsync("/api/v1/subscriptions", Desk.Json("""{"plan":{"key":"p"},"customerKey":"acme"}"""), 201);

        await desk.Host.AdvanceToAsync("2026-01-25T00:00:00Z");

        var request = Assert.Single(desk.Receiver.Requests);
        var invoice = (await desk.Host.GetAsync("/api/v1/billing/invoices"))["items"]![0]!;
        Assert.Equal((string?)invoice["id"], (string?)request.Json["data"]!["id"]);
        Assert.Equal("49", (string?)request.Json["data"]!["totals"]!["total"]);
    }

    [Fact]
    public async Task A_change_of_an_invoice_is_told_with_what_it_has_become()
    {
        await using var desk = await Desk.OpenAsync();
        await desk.RuleAsync("invoice.updated");
        await desk.Host.PostAsync("/api/v1/plans", Desk.Json("""
            {"key":"p","name":"P","currency":"USD","billingCadence":"P1M","phases":[{"key":"main","name":"Main","duration":null,"rateCards":[
             {"type":"flat_fee","key":"fee","name":"Fee","billingCadence":"P1M","price":{"type":"flat","amount":"49","paymentTerm":"in_advance"}}]}]}
            """), 201);
        var plan = (await desk.Host.GetAsync("/api/v1/plans"))["items"]![0]!;
        await desk.Host.PostAsync($"/api/v1/plans/{plan["id"]}/publish", new JsonObject(), 200);
        await desk.Host.PostAsync("/api/v1/subscriptions", Desk.Json("""{"plan":{"key":"p"},"customerKey":"acme"}"""), 201);
        await desk.Host.AdvanceToAsync("2026-01-25T00:00:00Z");
        var before = desk.Receiver.Requests.Length;
        var invoice = (await desk.Host.GetAsync("/api/v1/billing/invoices"))["items"]![0]!;

        var paid = await desk.Host.Client.PostAsJsonAsync(
            $"/api/v1/apps/custom-invoicing/{invoice["id"]}/payment/status", new JsonObject { ["trigger"] = "paid" });
        Assert.True(paid.IsSuccessStatusCode, await paid.Content.ReadAsStringAsync());
        await desk.SettleAsync();

        var told = desk.Receiver.Requests[before..].Select(request => request.Json["data"]!).ToList();
        Assert.Equal(((string?)invoice["id"], "paid"), ((string?)told[^1]["id"], (string?)told[^1]["status"]));
    }

    private static string[] Told(Desk desk) =>
    [
        .. desk.Receiver.Requests.Select(request => request.Json["data"]!["threshold"]!).Select(one => $"{one["type"]} {one["value"]}"),
    ];
}
