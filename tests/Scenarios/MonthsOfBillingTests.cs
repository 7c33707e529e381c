using Metering.Testing;
using Xunit;

namespace Metering.Scenarios;

/// <summary>Months of the sample price list, told through HTTP on the test clock.</summary>
public sealed class MonthsOfBillingTests
{
    [Fact]
    public async Task Two_months_of_pro_are_billed_tier_by_tier_with_each_fee_in_advance()
    {
        await using var story = await Story.BeginAsync("2026-01-15T09:00:00Z");
        await story.SignUpAsync("initech", "pro");
        await story.UseAsync("initech", "2026-01-15T09:00:00Z", 2_000_000);
        await story.Host.AdvanceToAsync("2026-02-10T00:00:00Z");
        await story.UseAsync("initech", "2026-02-09T23:59:59Z", 60_345_678);
        await story.Host.AdvanceToAsync("2026-03-01T00:00:00Z");

        // The period is half-open: what happens at its end belongs to the next one.
        await story.UseAsync("initech", "2026-02-15T09:00:00Z", 3_000_001);
        await story.Host.AdvanceToAsync("2026-03-20T00:00:00Z");

        Golden.Matches(InvoiceText.Of(await story.InvoicesOfAsync("initech")), "pro-two-months.txt");
    }

    [Fact]
    public async Task An_enterprise_month_below_the_commitment_is_raised_to_it_and_one_above_is_priced_by_volume()
    {
        await using var story = await Story.BeginAsync("2026-01-31T00:00:00Z");
        await story.SignUpAsync("globex", "enterprise");
        await story.UseAsync("globex", "2026-02-01T00:00:00Z", 1_234_567_890);
        await story.Host.AdvanceToAsync("2026-03-10T00:00:00Z");
        await story.UseAsync("globex", "2026-03-09T00:00:00Z", 2_400_000_000);
        await story.Host.AdvanceToAsync("2026-04-02T00:00:00Z");

        Golden.Matches(InvoiceText.Of(await story.InvoicesOfAsync("globex")), "enterprise-two-months.txt");
    }

    [Fact]
    public async Task A_free_customer_is_never_sent_an_invoice()
    {
        await using var story = await Story.BeginAsync();
        await story.SignUpAsync("tiny", "free");
        await story.UseAsync("tiny", "2026-01-15T09:00:00Z", 1_000_000_000);
        await story.Host.AdvanceToAsync("2026-04-01T00:00:00Z");

        Assert.Empty(await story.InvoicesOfAsync("tiny"));
        Assert.Equal(1_000_000_000m, await story.UsageAsync("tokens", "tiny"));
    }

    [Fact]
    public async Task An_upgrade_bills_from_its_instant_on_and_not_what_was_used_before()
    {
        await using var story = await Story.BeginAsync("2026-01-15T09:00:00Z");
        await story.SignUpAsync("tiny", "free");
        await story.UseAsync("tiny", "2026-01-15T10:00:00Z", 9_000_000);
        await story.Host.AdvanceToAsync("2026-01-20T12:00:00Z");

        var free = (await story.Host.GetAsync("/api/v1/customers/tiny"))["currentSubscriptionId"]!;
        await story.Host.PostAsync($"/api/v1/subscriptions/{free}/cancel", new System.Text.Json.Nodes.JsonObject { ["timing"] = "immediate" });
        await story.SubscribeAsync("tiny", "pro");
        await story.UseAsync("tiny", "2026-01-20T12:00:00Z", 2_100_000);
        await story.Host.AdvanceToAsync("2026-02-20T12:00:00Z");

        Golden.Matches(InvoiceText.Of(await story.InvoicesOfAsync("tiny")), "upgrade.txt");
    }

    [Fact]
    public async Task Moving_the_clock_in_one_step_or_in_many_gives_the_same_invoices()
    {
        var oneStep = await BilledAsync(["2026-04-20T00:00:00Z"]);
        var manySteps = await BilledAsync(
            ["2026-01-16T00:00:00Z", "2026-02-15T08:59:59Z", "2026-02-15T09:00:00Z", "2026-03-31T00:00:00Z", "2026-04-20T00:00:00Z"]);

        Assert.Equal(4, oneStep.Split("total ").Length - 1);
        Assert.Equal(oneStep, manySteps);

        static async Task<string> BilledAsync(string[] stops)
        {
            await using var story = await Story.BeginAsync("2026-01-15T09:00:00Z");
            await story.SignUpAsync("initech", "pro");
            await story.UseAsync("initech", "2026-01-15T09:00:00Z", 5_000_000);
            foreach (var stop in stops)
            {
                await story.Host.AdvanceToAsync(stop);
            }

            return InvoiceText.Of(await story.InvoicesOfAsync("initech"));
        }
    }
}
