using Metering.Subscriptions.Tests.Leases;
using Metering.Testing;
using Xunit;

namespace Metering.Subscriptions.Tests.Entitlements;

/// <summary>What was bought beside a plan outlives the phase in which it was bought.</summary>
public sealed class TopUpTests
{
    [Fact]
    public async Task A_top_up_bought_in_the_trial_goes_on_in_the_paid_phase_with_what_is_left()
    {
        await using var host = await TrialAsync();
        var grant = await CreditShop.GrantedAsync(host, 50, """{"priority":2}""");
        var expiring = await CreditShop.GrantedAsync(host, 7, """{"priority":3,"expiration":{"duration":"WEEK","count":1}}""");
        await CreditShop.UseAsync(host, 30, "2026-01-10T00:00:00Z");
        await host.AdvanceToAsync("2026-02-10T00:00:00Z");

        // Ten of the trial and twenty of the top-up were used; the hundred are the paid phase's own, the seven have expired.
        Assert.Equal("True 130 0 0 130", await CreditShop.ShortAsync(host));
        var grants = (await host.GetAsync("/api/v2/customers/acme/entitlements/units/grants"))["items"]!.AsArray();
        Assert.Equal([100, 50], grants.Select(one => (int)one!["amount"]!).OrderDescending());
        var entitlement = (string)(await host.GetAsync("/api/v2/customers/acme/entitlements/units"))["id"]!;
        Assert.Equal(130, (await host.AskAsync(entitlement, wanted: 130, needed: 130)).Granted);
        Assert.NotEqual(entitlement, (string)grant["entitlementId"]!);
        Assert.Null((await CreditShop.ValueAsync(host))["grantBalances"]![(string)expiring["id"]!]);

        // Usage that is told late takes from it there, and here there is less.
        await CreditShop.UseAsync(host, 5, "2026-01-20T00:00:00Z");
        Assert.Equal("True 125 0 0 125", await CreditShop.ShortAsync(host));
        Assert.Equal(125, (long)(await CreditShop.PoolAsync(host))["allowed"]!);

        using var voided = await host.Client.DeleteAsync($"/api/v1/grants/{grant["id"]}");
        Assert.Equal(204, (int)voided.StatusCode);
        Assert.Equal("True 100 0 0 100", await CreditShop.ShortAsync(host));
        Assert.Equal(100, (long)(await CreditShop.PoolAsync(host))["allowed"]!);
    }

    [Fact]
    public async Task What_sidecars_spent_of_it_and_no_event_tells_is_not_handed_over()
    {
        await using var host = await TrialAsync();
        await CreditShop.GrantedAsync(host, 50, """{"priority":2}""");
        var trial = (string)(await host.GetAsync("/api/v2/customers/acme/entitlements/units"))["id"]!;
        var lease = await host.AskAsync(trial, wanted: 40, needed: 40);
        await host.ReportAsync(lease.LeaseId, 40, close: true);
        await host.AdvanceToAsync("2026-02-10T00:00:00Z");

        Assert.Equal("True 120 0 0 120", await CreditShop.ShortAsync(host));
    }

    private static async Task<TestHost> TrialAsync()
    {
        var host = await CreditShop.OpenAsync();
        var plan = Some.Plan("units");
        plan["phases"] = new System.Text.Json.Nodes.JsonArray(
            Some.Phase("trial", "P1M", Some.Entitled("units", """{"type":"metered","issueAfterReset":10,"usagePeriod":"P1M"}""")),
            Some.Phase("paid", null, Some.Entitled("units", """{"type":"metered","issueAfterReset":100,"usagePeriod":"P1M"}""")));
        await Some.PublishedAsync(host, plan);
        await Some.SubscribedAsync(host, "acme", "units");
        return host;
    }
}
