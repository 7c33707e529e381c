using Metering.Testing;
using Xunit;

namespace Metering.Scenarios.Lifecycle;

/// <summary>Another plan follows: up at once, down with the period, to a new version, and away and back.</summary>
public sealed class ChangedPlanTests
{
    [Fact]
    public async Task An_upgrade_mid_month_credits_the_old_fee_and_bills_the_rest_of_the_month_by_the_new_plan()
    {
        await using var story = await LifecycleStory.BeginAsync();
        await story.SellAsync("pro", "31", "0.01");
        await story.SellAsync("max", "62", "0.005");
        var pro = await story.SignUpAsync("acme", "pro");
        await story.UseAsync("acme", "2026-01-20T23:59:59.999999Z", 1_000);
        await story.AdvanceToAsync("2026-01-21T00:00:00Z");

        var changed = await story.DoAsync(pro, "change", """{"timing":"immediate","plan":{"key":"max"}}""");
        await story.UseAsync("acme", "2026-01-21T00:00:00Z", 2_000);
        await story.AdvanceToAsync("2026-03-01T00:00:00Z");

        Assert.Equal("inactive", (string?)changed["current"]!["status"]);
        Assert.Equal("active", (string?)changed["next"]!["status"]);
        Assert.Equal("2026-02-01T00:00:00Z", (string?)changed["next"]!["alignment"]!["currentAlignedBillingPeriod"]!["to"]);
        Golden.Matches(await story.InvoicesAsync("acme"), "upgrade-mid-month.txt");
    }

    [Fact]
    public async Task A_downgrade_at_the_end_of_the_period_credits_nothing()
    {
        await using var story = await LifecycleStory.BeginAsync();
        await story.SellAsync("pro", "31", "0.01");
        await story.SellAsync("lite", "3.10", "0.02");
        var pro = await story.SignUpAsync("acme", "pro");
        await story.AdvanceToAsync("2026-01-10T00:00:00Z");

        var changed = await story.DoAsync(pro, "change", """{"timing":"next_billing_cycle","plan":{"key":"lite"}}""");
        await story.UseAsync("acme", "2026-01-31T23:59:59Z", 100);
        await story.AdvanceToAsync("2026-02-01T00:00:00Z");
        await story.UseAsync("acme", "2026-02-01T00:00:00Z", 100);
        await story.AdvanceToAsync("2026-03-01T00:00:00Z");

        Assert.Equal("canceled", (string?)changed["current"]!["status"]);
        Assert.Equal("scheduled", (string?)changed["next"]!["status"]);
        Golden.Matches(await story.InvoicesAsync("acme"), "downgrade-at-period-end.txt");
    }

    [Fact]
    public async Task A_pause_is_credited_and_a_cancellation_that_was_taken_back_leaves_no_trace()
    {
        await using var story = await LifecycleStory.BeginAsync();
        await story.SellAsync("pro", "28", "0.01");
        var first = await story.SignUpAsync("acme", "pro");
        await story.AdvanceToAsync("2026-01-10T00:00:00Z");
        await story.DoAsync(first, "cancel", """{"timing":"2026-01-25T00:00:00Z"}""");
        await story.AdvanceToAsync("2026-01-24T00:00:00Z");
        var restored = await story.DoAsync(first, "restore");
        Assert.Equal("active", (string?)restored["status"]);

        await story.AdvanceToAsync("2026-02-08T00:00:00Z");
        await story.UseAsync("acme", "2026-02-07T00:00:00Z", 500);
        await story.DoAsync(first, "cancel", """{"timing":"immediate"}""");
        await story.AdvanceToAsync("2026-02-15T00:00:00Z");
        await story.Host.PostAsync("/api/v1/subscriptions", LifecycleStory.Json("""
            {"customerKey":"acme","plan":{"key":"pro"},"billingAnchor":"2026-01-01T00:00:00Z"}
            """));
        await story.UseAsync("acme", "2026-02-15T00:00:00Z", 700);
        await story.AdvanceToAsync("2026-04-01T00:00:00Z");

        Golden.Matches(await story.InvoicesAsync("acme"), "pause.txt");
    }

    [Fact]
    public async Task A_migration_takes_the_new_versions_prices_from_its_instant_on()
    {
        await using var story = await LifecycleStory.BeginAsync();
        await story.SellAsync("pro", "31", "0.01");
        var early = await story.SignUpAsync("acme", "pro");
        await story.UseAsync("acme", "2026-01-05T00:00:00Z", 100);
        await story.AdvanceToAsync("2026-01-16T12:00:00Z");
        await story.SellAsync("pro", "40", "0.02");

        var migrated = await story.DoAsync(early, "migrate", """{"timing":"immediate"}""");
        await story.UseAsync("acme", "2026-01-17T00:00:00Z", 100);
        await story.AdvanceToAsync("2026-02-01T00:00:00Z");

        Assert.Equal(2, (int)migrated["next"]!["plan"]!["version"]!);
        Golden.Matches(await story.InvoicesAsync("acme"), "migration.txt");
    }

    [Fact]
    public async Task A_subscription_that_is_ended_at_the_very_instant_of_its_bill_gets_the_whole_fee_back()
    {
        await using var story = await LifecycleStory.BeginAsync();
        await story.SellAsync("pro", "31", "0.01");
        var pro = await story.SignUpAsync("acme", "pro");
        await story.UseAsync("acme", "2026-01-31T00:00:00Z", 100);
        await story.AdvanceToAsync("2026-02-01T00:00:00Z");

        await story.DoAsync(pro, "cancel", """{"timing":"immediate"}""");
        await story.AdvanceToAsync("2026-06-01T00:00:00Z");

        Golden.Matches(await story.InvoicesAsync("acme"), "ended-at-the-bill.txt");
    }
}
