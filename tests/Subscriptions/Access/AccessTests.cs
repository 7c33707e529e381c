using System.Text.Json.Nodes;
using Metering.Testing;
using Xunit;

namespace Metering.Subscriptions.Tests.Access;

public sealed class AccessTests
{
    [Fact]
    public async Task Access_lists_every_feature_of_the_running_phase()
    {
        await using var host = await Shop.OpenAsync();
        await Shop.CustomerOnAsync(host, "pro");
        await Shop.UsedAsync(host, "acme-app", 12);

        var entitlements = (await host.GetAsync("/api/v1/customers/acme/access"))["entitlements"]!.AsObject();

        Assert.Equal(["advanced-reasoning", "summarize"], entitlements.Select(entry => entry.Key));
        Assert.True(JsonNode.DeepEquals(Some.Json("""{"hasAccess":true}"""), entitlements["advanced-reasoning"]));
        Assert.True(JsonNode.DeepEquals(
            Some.Json("""{"hasAccess":true,"balance":4988,"usage":12,"overage":0,"totalAvailableGrantAmount":5000}"""), entitlements["summarize"]));
    }

    [Fact]
    public async Task A_hard_limit_ends_access_and_a_soft_one_counts_the_overage()
    {
        await using var host = await Shop.OpenAsync();
        await Shop.CustomerOnAsync(host, "free", "small");
        await Shop.UsedAsync(host, "small-app", 101);

        var value = await host.GetAsync("/api/v1/customers/small/entitlements/summarize/value");

        Assert.True(JsonNode.DeepEquals(
            Some.Json("""{"hasAccess":false,"balance":0,"usage":101,"overage":1,"totalAvailableGrantAmount":100}"""), value), value.ToJsonString());
    }

    [Fact]
    public async Task The_value_of_a_past_instant_is_what_had_been_used_by_then()
    {
        await using var host = await Shop.OpenAsync("2026-01-15T09:00:00Z");
        await Shop.CustomerOnAsync(host, "free");
        await Shop.UsedAsync(host, "acme-app", 10);
        await host.AdvanceToAsync("2026-01-15T12:00:00Z");
        await Shop.UsedAsync(host, "acme-app", 5);
        await host.AdvanceToAsync("2026-01-16T08:00:00Z");

        Assert.Equal(10, (int)(await host.GetAsync("/api/v1/customers/acme/entitlements/summarize/value?time=2026-01-15T10:00:00Z"))["usage"]!);
        Assert.Equal(15, (int)(await host.GetAsync("/api/v1/customers/acme/entitlements/summarize/value?time=2026-01-15T23:00:00Z"))["usage"]!);
        Assert.Equal(0, (int)(await host.GetAsync("/api/v1/customers/acme/entitlements/summarize/value"))["usage"]!);
        Assert.False((bool)(await host.GetAsync("/api/v1/customers/acme/entitlements/summarize/value?time=2026-01-14T00:00:00Z"))["hasAccess"]!);
    }

    [Fact]
    public async Task What_a_sidecar_has_reported_counts_before_its_events_arrive()
    {
        await using var host = await Shop.OpenAsync();
        var entitlement = await Shop.CustomerOnAsync(host, "free");
        var lease = await Leases.LeaseCalls.AskAsync(host, entitlement, wanted: 30, needed: 30);
        await Leases.LeaseCalls.ReportAsync(host, lease.LeaseId, 25);

        Assert.Equal(25, (int)(await host.GetAsync("/api/v1/customers/acme/entitlements/summarize/value"))["usage"]!);
    }

    [Fact]
    public async Task A_feature_outside_the_plan_is_no_access_and_a_customer_that_is_not_there_is_not_found()
    {
        await using var host = await Shop.OpenAsync();
        await Shop.CustomerOnAsync(host, "free");

        Assert.False((bool)(await host.GetAsync("/api/v1/customers/acme/entitlements/advanced-reasoning/value"))["hasAccess"]!);
        Assert.False((bool)(await host.GetAsync("/api/v1/customers/acme/entitlements/nothing/value"))["hasAccess"]!);
        await host.GetAsync("/api/v1/customers/nobody/access", 404);
        await host.GetAsync("/api/v1/customers/acme/entitlements/summarize/value?time=yesterday", 400);
    }
}
