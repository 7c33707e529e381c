using System.Text.Json.Nodes;
using Xunit;

namespace Metering.Scenarios;

/// <summary>What corrections and backfills come to for those who pay.</summary>
public sealed class CorrectedUsageTests
{
    [Fact]
    public async Task An_open_period_bills_what_was_corrected_and_a_closed_one_stays_as_it_was_issued()
    {
        await using var story = await Story.BeginAsync("2026-01-15T09:00:00Z");
        await story.SignUpAsync("corrected", "pro");
        await story.SignUpAsync("control", "pro");
        await story.UseAsync("corrected", "2026-01-20T00:00:00Z", 90_000_000);
        await story.UseAsync("control", "2026-01-20T00:00:00Z", 5_000_000);
        await CorrectAsync(story, """{"source":"story","id":"event-1","action":"amend","data":{"total_tokens":5000000},"reason":"Mixed up"}""");
        await story.Host.AdvanceToAsync("2026-02-20T00:00:00Z");
        var issued = InvoiceText.Of(await story.InvoicesOfAsync("corrected"));

        // After the first period was billed.
        await CorrectAsync(story, """{"source":"story","id":"event-1","action":"void","reason":"It never happened"}""");
        await story.UseAsync("corrected", "2026-02-25T00:00:00Z", 3_000_000);
        await story.UseAsync("control", "2026-02-25T00:00:00Z", 3_000_000);
        var shown = await story.UsageAsync("tokens", "corrected");
        var stillIssued = InvoiceText.Of(await story.InvoicesOfAsync("corrected"));
        await story.Host.AdvanceToAsync("2026-03-20T00:00:00Z");

        Assert.Equal(3_000_000m, shown);
        Assert.Equal(issued, stillIssued);
        Assert.Equal(await BilledAsync(story, "control"), await BilledAsync(story, "corrected"));
    }

    [Fact]
    public async Task The_events_behind_an_issued_line_are_those_it_billed()
    {
        await using var story = await Story.BeginAsync("2026-01-15T09:00:00Z");
        await story.SignUpAsync("acme", "pro");
        await story.UseAsync("acme", "2026-01-20T00:00:00Z", 9_000_000);
        await story.Host.AdvanceToAsync("2026-02-20T00:00:00Z");
        await CorrectAsync(story, """{"source":"story","id":"event-1","action":"void","reason":"It never happened"}""");
        await story.Host.AdvanceToAsync("2026-02-21T00:00:00Z");

        var invoice = (await story.InvoicesOfAsync("acme")).Single(one => one["lines"]!.AsArray().Any(IsMetered));
        var line = invoice["lines"]!.AsArray().First(IsMetered)!;
        var events = await story.Host.GetAsync($"/api/v1/billing/invoices/{invoice["id"]}/lines/{line["id"]}/events");

        Assert.Contains("event-1", events.ToJsonString(), StringComparison.Ordinal);

        static bool IsMetered(JsonNode? line) => ((string)line!["name"]!).Contains("oken", StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_balance_follows_a_correction_and_a_backfill_that_comes_and_goes()
    {
        await using var story = await Story.BeginAsync("2026-01-15T09:00:00Z");
        await story.SignUpAsync("tiny", "free");
        await story.UseAsync("tiny", "2026-01-15T09:00:00Z", 1);
        await story.UseAsync("tiny", "2026-01-15T09:00:00Z", 1);
        var before = await UsedAsync(story);
        await CorrectAsync(story, """{"source":"story","id":"event-2","action":"void","reason":"Sent twice"}""");
        await story.Host.AdvanceToAsync("2026-01-15T09:01:00Z");
        var corrected = await UsedAsync(story);

        var id = (string)(await story.Host.PostAsync("/api/v1/events/backfills", new JsonObject { ["name"] = "b" }, 201))["id"]!;
        await story.Host.PostAsync($"/api/v1/events/backfills/{id}/events", new JsonArray(Event("b1"), Event("b2")), 204);
        await story.Host.PostAsync($"/api/v1/events/backfills/{id}/close", new JsonObject(), 202);
        await story.Host.AdvanceToAsync("2026-01-15T09:02:00Z");
        var closed = await UsedAsync(story);
        await story.Host.PostAsync($"/api/v1/events/backfills/{id}/revert", new JsonObject(), 202);
        await story.Host.AdvanceToAsync("2026-01-15T09:03:00Z");

        Assert.Equal((2, 1, 3, 1), (before, corrected, closed, await UsedAsync(story)));
    }

    private static JsonObject Event(string id) => new()
    {
        ["specversion"] = "1.0", ["id"] = id, ["source"] = "story", ["type"] = "ai.completion", ["subject"] = "tiny",
        ["time"] = "2026-01-15T09:00:30Z", ["data"] = new JsonObject { ["total_tokens"] = 1 },
    };

    private static Task CorrectAsync(Story story, string correction) =>
        story.Host.PostAsync("/api/v1/events/corrections", new JsonArray(JsonNode.Parse(correction)), 200);

    private static async Task<int> UsedAsync(Story story) =>
        (int)(await story.Host.GetAsync("/api/v1/customers/tiny/entitlements/summarize/value"))["usage"]!;

    /// <summary>What each invoice came to, the oldest first.</summary>
    private static async Task<string> BilledAsync(Story story, string customer) => string.Join(
        " ", (await story.InvoicesOfAsync(customer)).Select(invoice => (string)invoice["totals"]!["total"]!));
}
