using System.Text.Json.Nodes;
using Metering.Contracts.Sidecar;
using Metering.Subscriptions.Tests.Leases;
using Metering.Testing;
using Xunit;

namespace Metering.Subscriptions.Tests.Entitlements;

/// <summary>What is granted, voided, reset or over reaches the pools that sidecars lease from, and never too late.</summary>
public sealed class EnforcementFollowsTests
{
    private const string Daily = """{"usagePeriod":{"interval":"DAY"}}""";

    [Fact]
    public async Task A_top_up_of_what_a_plan_allows_raises_the_open_pool_and_tells_the_sidecars()
    {
        await using var host = await Shop.OpenAsync();
        var entitlement = await Shop.CustomerOnAsync(host, "free");
        await using var sidecar = await Snapshots.FollowingSidecar.ConnectAsync(host);
        await host.AskAsync(entitlement, wanted: 100, needed: 100);
        Assert.Equal(LeaseOutcome.Exhausted, (await host.AskAsync(entitlement, wanted: 1, needed: 1)).Outcome);

        var grant = await CreditShop.GrantedAsync(host, 50, featureKey: "summarize");

        var lease = await host.AskAsync(entitlement, wanted: 50, needed: 50);
        Assert.Equal((LeaseOutcome.Granted, 50L, 150L, 0L), (lease.Outcome, lease.Granted, lease.Limit, lease.Free));
        Assert.Equal(("customer", entitlement), ((string)grant["origin"]!, (string)grant["entitlementId"]!));
        await sidecar.UntilAsync(one => one.Feature("acme", "summarize")?.Quota?.Limit == 150);
    }

    [Fact]
    public async Task A_void_denies_at_once_and_the_cap_comes_down_as_units_come_back()
    {
        await using var host = await CreditShop.OpenAsync();
        var entitlement = (string)(await CreditShop.EntitledAsync(host))["id"]!;
        var grant = await CreditShop.GrantedAsync(host, 100);
        await CreditShop.GrantedAsync(host, 20, """{"priority":9}""");
        var lease = await host.AskAsync(entitlement, wanted: 80, needed: 80);
        await host.AdvanceToAsync("2026-01-01T01:00:00Z");

        using var voided = await host.Client.DeleteAsync($"/api/v1/grants/{grant["id"]}");
        Assert.Equal(204, (int)voided.StatusCode);

        Assert.Equal((20L, 80L, true), Pool(await CreditShop.PoolAsync(host)));
        Assert.Equal(LeaseOutcome.Exhausted, (await host.AskAsync(entitlement, wanted: 1, needed: 1)).Outcome);
        await host.ReportAsync(lease.LeaseId, 30, close: true);
        Assert.Equal((20L, 30L, true), Pool(await CreditShop.PoolAsync(host)));

        // The events tell that the thirty were used while the grant was in force: it covered them, and the other one is whole.
        await CreditShop.UseAsync(host, 30, "2026-01-01T00:30:00Z");
        Assert.Equal((50L, 50L, true), Pool(await CreditShop.PoolAsync(host)));
        Assert.Equal(20, (await host.AskAsync(entitlement, wanted: 20, needed: 20)).Granted);
        Assert.Equal(LeaseOutcome.Exhausted, (await host.AskAsync(entitlement, wanted: 1, needed: 1)).Outcome);
    }

    [Fact]
    public async Task Nothing_leased_before_a_grant_expires_is_spent_after_it()
    {
        await using var host = await CreditShop.OpenAsync();
        var entitlement = (string)(await CreditShop.EntitledAsync(host))["id"]!;
        await CreditShop.GrantedAsync(host, 100, """{"expiration":{"duration":"HOUR","count":2}}""");
        await CreditShop.GrantedAsync(host, 5, """{"effectiveAt":"2026-01-01T05:00:00Z"}""");

        var lease = await host.AskAsync(entitlement, wanted: 100, needed: 100);
        Assert.Equal("2026-01-01T02:00:00Z", lease.PeriodEnd.ToString());

        await host.AdvanceToAsync("2026-01-01T02:00:00Z");
        var refused = await host.AskAsync(entitlement, wanted: 1, needed: 1);
        Assert.Equal((LeaseOutcome.Exhausted, "2026-01-01T05:00:00Z", 0L), (refused.Outcome, refused.PeriodEnd.ToString(), refused.Limit));

        // What the sidecar did spend in time is settled, however late it says so; the grant that begins then is not touched by it.
        Assert.Equal(ReportOutcome.Recorded, await host.ReportAsync(lease.LeaseId, 60, close: true));
        await CreditShop.UseAsync(host, 60, "2026-01-01T01:00:00Z");
        await host.AdvanceToAsync("2026-01-01T05:00:00Z");
        Assert.Equal(65, (long)(await CreditShop.PoolAsync(host))["allowed"]!);
        Assert.Equal(5, (await host.AskAsync(entitlement, wanted: 5, needed: 5)).Granted);
    }

    [Fact]
    public async Task A_grant_that_recurs_reopens_the_pool_on_time_without_anybody_asking()
    {
        await using var host = await CreditShop.OpenAsync();
        var entitlement = (string)(await CreditShop.EntitledAsync(host))["id"]!;
        await CreditShop.GrantedAsync(host, 10, """{"recurrence":{"interval":"DAY"}}""");
        var first = await host.AskAsync(entitlement, wanted: 10, needed: 10);
        await host.ReportAsync(first.LeaseId, 10, close: true);
        await CreditShop.UseAsync(host, 10);

        await host.AdvanceToAsync("2026-01-03T12:00:00Z");

        Assert.Equal((20L, 20L, true), Pool(await CreditShop.PoolAsync(host)));
        var again = await host.AskAsync(entitlement, wanted: 10, needed: 10);
        Assert.Equal((10L, "2026-01-04T00:00:00Z"), (again.Granted, again.PeriodEnd.ToString()));
    }

    [Fact]
    public async Task A_reset_opens_a_new_pool_and_what_is_leased_counts_there()
    {
        await using var host = await CreditShop.OpenAsync();
        var entitlement = (string)(await CreditShop.EntitledAsync(host, """{"issue":{"amount":100}}"""))["id"]!;
        await host.AdvanceToAsync("2026-01-01T06:00:00Z");
        var lease = await host.AskAsync(entitlement, wanted: 60, needed: 60);
        await host.ReportAsync(lease.LeaseId, 20);

        await CreditShop.ResetAsync(host);

        var pool = await CreditShop.PoolAsync(host);
        Assert.Equal(("2026-01-01T06:00:00Z", 100L, 0L, 40L), (
            (string)pool["periodStart"]!, (long)pool["allowed"]!, (long)pool["settled"]!, (long)pool["held"]!));
        Assert.Equal(60, (await host.AskAsync(entitlement, wanted: 60, needed: 60)).Granted);
        Assert.Equal(LeaseOutcome.Exhausted, (await host.AskAsync(entitlement, wanted: 1, needed: 1)).Outcome);
        Assert.Equal(ReportOutcome.Recorded, await host.ReportAsync(lease.LeaseId, 60, close: true));
        pool = await CreditShop.PoolAsync(host);
        Assert.Equal((40L, 60L, true), ((long)pool["settled"]!, (long)pool["held"]!, (bool)pool["conserves"]!));
        Assert.Equal("True 60 40 0 100", await CreditShop.ShortAsync(host));
    }

    [Fact]
    public async Task A_reset_to_less_than_is_leased_denies_until_units_come_back()
    {
        await using var host = await CreditShop.OpenAsync();
        var entitlement = (string)(await CreditShop.EntitledAsync(host))["id"]!;
        await CreditShop.GrantedAsync(host, 100, """{"maxRolloverAmount":10}""");
        await host.AdvanceToAsync("2026-01-01T06:00:00Z");
        var lease = await host.AskAsync(entitlement, wanted: 60, needed: 60);

        await CreditShop.ResetAsync(host);

        Assert.Equal((10L, 60L, true), Pool(await CreditShop.PoolAsync(host)));
        Assert.Equal(LeaseOutcome.Exhausted, (await host.AskAsync(entitlement, wanted: 1, needed: 1)).Outcome);
        await host.ReportAsync(lease.LeaseId, 0, close: true);
        Assert.Equal(10, (await host.AskAsync(entitlement, wanted: 10, needed: 10)).Granted);
    }

    [Fact]
    public async Task What_sidecars_let_through_and_events_have_not_told_does_not_roll_over()
    {
        await using var host = await CreditShop.OpenAsync();
        var entitlement = (string)(await CreditShop.EntitledAsync(host, Daily))["id"]!;
        await CreditShop.GrantedAsync(host, 100);
        var lease = await host.AskAsync(entitlement, wanted: 60, needed: 60);
        await host.ReportAsync(lease.LeaseId, 50);
        await host.AdvanceToAsync("2026-01-02T06:00:00Z");

        // Ten may have been spent and not been reported; then the report comes, and at last the events.
        Assert.Equal(40, (await host.AskAsync(entitlement, wanted: 0)).Free);
        await host.ReportAsync(lease.LeaseId, 55, close: true);
        Assert.Equal(45, (await host.AskAsync(entitlement, wanted: 0)).Free);
        Assert.Equal("True 45 0 0 45", await CreditShop.ShortAsync(host));
        await CreditShop.UseAsync(host, 55, "2026-01-01T07:00:00Z");
        Assert.Equal(45, (await host.AskAsync(entitlement, wanted: 0)).Free);
    }

    [Fact]
    public async Task Late_usage_of_the_period_before_lowers_the_pool_that_is_open()
    {
        await using var host = await CreditShop.OpenAsync();
        var entitlement = (string)(await CreditShop.EntitledAsync(host, Daily))["id"]!;
        await CreditShop.GrantedAsync(host, 100);
        await host.AdvanceToAsync("2026-01-02T06:00:00Z");
        var lease = await host.AskAsync(entitlement, wanted: 50, needed: 50);

        await CreditShop.UseAsync(host, 70, "2026-01-01T07:00:00Z");

        Assert.Equal((30L, 50L, true), Pool(await CreditShop.PoolAsync(host)));
        await host.ReportAsync(lease.LeaseId, 30, close: true);
        Assert.Equal(LeaseOutcome.Exhausted, (await host.AskAsync(entitlement, wanted: 1, needed: 1)).Outcome);
    }

    [Fact]
    public async Task Many_sidecars_and_top_ups_at_the_same_time_spend_exactly_what_was_granted()
    {
        const int sidecars = 6;
        await using var host = await CreditShop.OpenAsync();
        var entitlement = (string)(await CreditShop.EntitledAsync(host, """{"issue":{"amount":100}}"""))["id"]!;
        var topUps = Enumerable.Range(0, 5).Select(_ => CreditShop.GrantedAsync(host, 40));
        var spending = Enumerable.Range(0, sidecars).Select(i => SpendAsync(host, entitlement, $"sidecar-{i}")).ToList();
        await Task.WhenAll(topUps);

        var spent = (await Task.WhenAll(spending)).Sum();
        spent += await SpendAsync(host, entitlement, "last");

        Assert.Equal(300, spent);
        var pool = await CreditShop.PoolAsync(host);
        Assert.Equal((300L, 300L, 0L, true), (
            (long)pool["allowed"]!, (long)pool["settled"]!, (long)pool["held"]!, (bool)pool["conserves"]!));
    }

    [Fact]
    public async Task Sidecars_that_spend_through_voids_and_resets_never_pass_what_the_new_pool_allows()
    {
        await using var host = await CreditShop.OpenAsync();
        var entitlement = (string)(await CreditShop.EntitledAsync(host, """{"issue":{"amount":60}}"""))["id"]!;
        for (var round = 1; round <= 4; round++)
        {
            await host.AdvanceToAsync($"2026-01-0{round + 1}T00:00:00Z");
            var grant = await CreditShop.GrantedAsync(host, 50, """{"maxRolloverAmount":0}""");
            var spending = Enumerable.Range(0, 4).Select(i => SpendAsync(host, entitlement, $"{round}-{i}")).ToList();
            using var voided = await host.Client.DeleteAsync($"/api/v1/grants/{grant["id"]}");
            await Task.WhenAll(spending);
            await SpendAsync(host, entitlement, $"{round}-last");

            // What was spent before the void stays spent; what was not is gone. Nothing beyond the two grants ever got out.
            var pool = await CreditShop.PoolAsync(host);
            Assert.InRange((long)pool["settled"]!, 60, 110);
            Assert.True((bool)pool["conserves"]!);
            await host.AdvanceToAsync($"2026-01-0{round + 1}T12:00:00Z");
            await CreditShop.ResetAsync(host);
            Assert.Equal((60L, 0L), ((long)(await CreditShop.PoolAsync(host))["allowed"]!, (long)(await CreditShop.PoolAsync(host))["settled"]!));
        }
    }

    [Fact]
    public async Task A_plan_managed_entitlement_can_be_reset_and_keeps_its_calendar_when_asked_to()
    {
        await using var host = await Shop.OpenAsync();
        var entitlement = await Shop.CustomerOnAsync(host, "free");
        await Shop.UsedAsync(host, "acme-app", 100);
        Assert.Equal(LeaseOutcome.Exhausted, (await host.AskAsync(entitlement, wanted: 1, needed: 1)).Outcome);
        await host.AdvanceToAsync("2026-01-15T12:00:00Z");

        await CreditShop.ResetAsync(host, """{"retainAnchor":true}""", "summarize");

        var lease = await host.AskAsync(entitlement, wanted: 1, needed: 1);
        Assert.Equal(
            (LeaseOutcome.Granted, "2026-01-15T12:00:00Z", "2026-01-16T00:00:00Z"),
            (lease.Outcome, lease.PeriodStart.ToString(), lease.PeriodEnd.ToString()));
        var shown = await host.GetAsync("/api/v2/customers/acme/entitlements/summarize");
        Assert.Equal(("subscription", "2026-01-15T12:00:00Z"), ((string)shown["origin"]!, (string)shown["lastReset"]!));
    }

    /// <summary>Asks for units one by one and spends them, until there are none.</summary>
    private static async Task<long> SpendAsync(TestHost host, string entitlement, string sidecar)
    {
        var spent = 0L;
        while (true)
        {
            var lease = await host.AskAsync(entitlement, wanted: 7, needed: 1, sidecar: sidecar);
            if (lease.Outcome != LeaseOutcome.Granted)
            {
                return spent;
            }

            spent += lease.Granted;
            await host.ReportAsync(lease.LeaseId, lease.Granted, close: true, sidecar: sidecar);
        }
    }

    private static (long Allowed, long Cap, bool Conserves) Pool(JsonNode pool) =>
        ((long)pool["allowed"]!, (long)pool["cap"]!, (bool)pool["conserves"]!);
}
