using Metering.Testing;
using Xunit;

namespace Metering.Scenarios.Lifecycle;

/// <summary>One subscription goes on and sells something else: phases, items, add-ons.</summary>
public sealed class ChangedItemsTests
{
    [Fact]
    public async Task A_trial_becomes_paid_within_a_month_and_pays_for_the_rest_of_it()
    {
        await using var story = await LifecycleStory.BeginAsync();
        await story.SellAsync("pro", "USD", $$"""
            [{"key":"trial","name":"Trial","duration":"P14D","rateCards":[{{LifecycleStory.Tokens("0")}}]},
             {"key":"paid","name":"Paid","duration":null,"rateCards":[{{LifecycleStory.Fee("fee", "31")}},{{LifecycleStory.Tokens("0.01")}}]}]
            """);
        var subscription = await story.SignUpAsync("acme", "pro");
        await story.UseAsync("acme", "2026-01-14T23:59:59Z", 9_000);
        await story.AdvanceToAsync("2026-01-10T00:00:00Z");
        await story.EditAsync(subscription, """{"op":"stretch_phase","phaseKey":"trial","extendBy":"P2D"}""");
        await story.AdvanceToAsync("2026-01-17T00:00:00Z");
        await story.UseAsync("acme", "2026-01-17T00:00:00Z", 500);
        await story.AdvanceToAsync("2026-02-01T00:00:00Z");

        Golden.Matches(await story.InvoicesAsync("acme"), "trial-to-paid.txt");
    }

    [Fact]
    public async Task Items_that_come_go_and_change_their_price_are_settled_on_the_next_bill()
    {
        await using var story = await LifecycleStory.BeginAsync();
        await story.SellAsync("pro", "31", "0.01");
        var subscription = await story.SignUpAsync("acme", "pro");
        await story.UseAsync("acme", "2026-01-10T00:00:00Z", 100);
        await story.AdvanceToAsync("2026-01-11T00:00:00Z");
        await story.EditAsync(subscription, $$"""
            {"op":"add_item","phaseKey":"main","rateCard":{{LifecycleStory.Fee("support", "62")}} },
            {"op":"add_item","phaseKey":"main","rateCard":{{LifecycleStory.Tokens("0.02")}} }
            """);
        await story.UseAsync("acme", "2026-01-11T00:00:00Z", 100);
        await story.AdvanceToAsync("2026-02-08T00:00:00Z");
        await story.EditAsync(subscription, """{"op":"remove_item","phaseKey":"main","itemKey":"support"}""", "next_billing_cycle");
        await story.EditAsync(subscription, """{"op":"remove_item","phaseKey":"main","itemKey":"fee"}""");
        await story.AdvanceToAsync("2026-04-01T00:00:00Z");

        Golden.Matches(await story.InvoicesAsync("acme"), "items.txt");
    }

    [Fact]
    public async Task Every_change_of_an_addons_quantity_credits_what_was_had_and_bills_what_is()
    {
        await using var story = await LifecycleStory.BeginAsync();
        var plan = await story.SellAsync("pro", "31", "0.01");
        var addon = await story.Host.PostAsync("/api/v1/addons", LifecycleStory.Json($$"""
            {"key":"seats","name":"Seats","currency":"USD","instanceType":"multiple","rateCards":[{{LifecycleStory.Fee("seats", "3.10")}}]}
            """));
        await story.Host.PostAsync($"/api/v1/addons/{addon["id"]}/publish", LifecycleStory.Json("{}"));
        await story.Host.PostAsync($"/api/v1/plans/{plan["id"]}/addons", LifecycleStory.Json($$"""
            {"addonId":"{{addon["id"]}}","fromPlanPhase":"main","maxQuantity":10}
            """));
        var subscription = await story.SignUpAsync("acme", "pro");
        await story.AdvanceToAsync("2026-01-11T00:00:00Z");
        var seats = await story.Host.PostAsync($"/api/v1/subscriptions/{subscription}/addons", LifecycleStory.Json($$"""
            {"name":"Seats","quantity":2,"timing":"immediate","addon":{"id":"{{addon["id"]}}"} }
            """), 201);
        await story.AdvanceToAsync("2026-02-15T00:00:00Z");
        var path = $"/api/v1/subscriptions/{subscription}/addons/{seats["id"]}";
        var more = await story.PatchAsync(path, """{"quantity":5,"timing":"immediate"}""");
        await story.AdvanceToAsync("2026-02-22T00:00:00Z");
        await story.PatchAsync(path, """{"quantity":1,"timing":"immediate"}""");
        await story.PatchAsync(path, """{"quantity":0,"timing":"next_billing_cycle"}""");
        await story.AdvanceToAsync("2026-04-01T00:00:00Z");

        Assert.Equal(5, (int)more["quantity"]!);
        Assert.Equal(2, more["timeline"]!.AsArray().Count);
        Golden.Matches(await story.InvoicesAsync("acme"), "addon-quantity.txt");
    }
}
