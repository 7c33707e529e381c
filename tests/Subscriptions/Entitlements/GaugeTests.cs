using Metering.Contracts.Sidecar;
using Metering.Subscriptions.Tests.Leases;
using Metering.Testing;
using Xunit;

namespace Metering.Subscriptions.Tests.Entitlements;

/// <summary>Meters that tell a level: seats in use, the largest model asked for, how many users there were.</summary>
public sealed class GaugeTests
{
    [Theory]
    [InlineData("LATEST", "3", "7")]
    [InlineData("MAX", "7", "3")]
    [InlineData("AVG", "5", "5")]
    [InlineData("UNIQUE_COUNT", "2", "8")]
    public async Task A_level_is_held_against_the_grants_in_force_and_burns_nothing(string aggregation, string usage, string balance)
    {
        await using var host = await OpenAsync(aggregation);
        await CreditShop.EntitledAsync(host, """{"featureKey":"seats","usagePeriod":{"interval":"DAY"},"issue":{"amount":10}}""");
        await CreditShop.UseAsync(host, 7, "2026-01-01T01:00:00Z", type: "seat");
        await CreditShop.UseAsync(host, 3, "2026-01-01T02:00:00Z", type: "seat");

        Assert.Equal($"True {balance} {usage} 0 10", await CreditShop.ShortAsync(host, "seats"));
    }

    [Fact]
    public async Task The_last_level_holds_beyond_its_period_and_the_largest_does_not()
    {
        await using var latest = await OpenAsync("LATEST");
        await using var largest = await OpenAsync("MAX");
        foreach (var host in new[] { latest, largest })
        {
            await CreditShop.EntitledAsync(host, """{"featureKey":"seats","usagePeriod":{"interval":"DAY"},"issue":{"amount":10}}""");
            await CreditShop.UseAsync(host, 7, "2026-01-01T01:00:00Z", type: "seat");
            await host.AdvanceToAsync("2026-01-02T12:00:00Z");
        }

        Assert.Equal("True 3 7 0 10", await CreditShop.ShortAsync(latest, "seats"));
        Assert.Equal("True 10 0 0 10", await CreditShop.ShortAsync(largest, "seats"));
    }

    [Fact]
    public async Task Requests_pass_until_the_level_reaches_its_limit_and_again_when_it_falls_or_the_limit_rises()
    {
        await using var host = await OpenAsync("LATEST");
        var entitlement = (string)(await CreditShop.EntitledAsync(host, """{"featureKey":"seats","issue":{"amount":5}}"""))["id"]!;
        await using var sidecar = await Snapshots.FollowingSidecar.ConnectAsync(host);
        Assert.Equal(LeaseOutcome.Granted, (await host.AskAsync(entitlement, wanted: 1_000, needed: 1)).Outcome);

        await CreditShop.UseAsync(host, 5, type: "seat");
        await sidecar.UntilAsync(one => one.Feature("acme", "seats")?.Quota?.Limit == 0);
        Assert.Equal(LeaseOutcome.Exhausted, (await host.AskAsync(entitlement, wanted: 1, needed: 1)).Outcome);

        await CreditShop.GrantedAsync(host, 2, featureKey: "seats");
        await sidecar.UntilAsync(one => one.Feature("acme", "seats")?.Quota?.Limit == 7);
        Assert.Equal(LeaseOutcome.Granted, (await host.AskAsync(entitlement, wanted: 1, needed: 1)).Outcome);
        await CreditShop.UseAsync(host, 8, "2026-01-01T00:00:01Z", type: "seat");
        Assert.Equal(LeaseOutcome.Exhausted, (await host.AskAsync(entitlement, wanted: 1, needed: 1)).Outcome);
        await CreditShop.UseAsync(host, 6, "2026-01-01T00:00:02Z", type: "seat");
        Assert.Equal(LeaseOutcome.Granted, (await host.AskAsync(entitlement, wanted: 1, needed: 1)).Outcome);
    }

    [Fact]
    public async Task A_plan_may_entitle_to_a_level()
    {
        await using var host = await OpenAsync("MAX");
        await Some.PublishedAsync(host, Some.Plan("team", Some.Entitled("seats", """{"type":"metered","issueAfterReset":3,"usagePeriod":"P1M"}""")));
        await Some.SubscribedAsync(host, "acme", "team");
        await CreditShop.UseAsync(host, 4, type: "seat");

        Assert.Equal("False 0 4 1 3", await CreditShop.ShortAsync(host, "seats"));
    }

    private static async Task<TestHost> OpenAsync(string aggregation)
    {
        var host = await CreditShop.OpenAsync();
        await host.PostAsync("/api/v1/meters", Some.Json(
            $$"""{"slug":"seats","aggregation":"{{aggregation}}","eventType":"seat","valueProperty":"$.amount"}"""), 201);
        await Some.FeatureAsync(host, "seats", "seats");
        return host;
    }
}
