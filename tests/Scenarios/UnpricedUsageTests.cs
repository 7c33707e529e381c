using System.Text.Json.Nodes;
using Xunit;

namespace Metering.Scenarios;

/// <summary>Usage without a price is not free: its period stays open until somebody prices or corrects it.</summary>
public sealed class UnpricedUsageTests
{
    private const string List = "model-tokens";

    [Fact]
    public async Task A_period_with_usage_that_has_no_price_stays_open_and_says_why_while_others_are_billed()
    {
        await using var story = await PriceList.SellAsync(List);
        await story.SignUpAsync("globex", List);
        await UseAsync(story, "1", "acme", "gpt-9", "input", 4_000_000);
        await UseAsync(story, "2", "acme", null, "output", 7);
        await UseAsync(story, "3", "globex", "gpt-5", "input", 1_000_000);
        var upcoming = await UpcomingAsync(story);
        Assert.Equal("24.45", (string?)upcoming["total"]);
        Assert.False((bool)upcoming["isFullyPriced"]!);
        Assert.Equal(["(none)/output 7", "gpt-9/input 4000000"], Unpriced(upcoming["unpriced"]!));

        await story.Host.AdvanceToAsync("2026-03-15T00:00:00Z");

        Assert.Empty(await story.InvoicesOfAsync("acme"));
        Assert.Equal("1.25", (string?)Assert.Single(await story.InvoicesOfAsync("globex"))["totals"]!["total"]);
        var page = await story.Host.GetAsync("/api/v1/billing/blocked-periods");
        var blocked = Assert.Single(page["items"]!.AsArray())!;
        Assert.Equal(1, (int)page["totalCount"]!);
        Assert.Equal("2026-01-01T00:00:00Z", (string?)blocked["period"]!["from"]);
        Assert.Equal("2026-02-01T00:00:00Z", (string?)blocked["period"]!["to"]);
        Assert.Equal("2026-02-01T00:00:00Z", (string?)blocked["blockedSince"]);
        Assert.Equal("2026-03-15T00:00:00Z", (string?)blocked["lastTriedAt"]);
        Assert.Equal((List, 1), ((string?)blocked["plan"]!["key"], (int)blocked["plan"]!["version"]!));
        Assert.Equal(2, (int)blocked["reasonCount"]!);
        Assert.Equal(["(none)/output 7", "gpt-9/input 4000000"], Unpriced(blocked["reasons"]!));
        Assert.All(blocked["reasons"]!.AsArray(), reason => Assert.Equal("unpriced_usage", (string?)reason!["reason"]));
        Assert.Equal("llm-tokens", (string?)blocked["reasons"]![0]!["rateCardKey"]);
        Assert.Equal((string?)blocked["subscriptionId"], (string?)(await UpcomingAsync(story))["blockedPeriod"]!["subscriptionId"]);
        Assert.Empty((await story.Host.GetAsync("/api/v1/billing/blocked-periods?customers=globex"))["items"]!.AsArray());
        Assert.Single((await story.Host.GetAsync("/api/v1/billing/blocked-periods?customers=acme"))["items"]!.AsArray());
    }

    [Fact]
    public async Task A_later_version_that_prices_it_lets_the_next_run_bill_it_and_changes_no_agreed_price()
    {
        await using var story = await PriceList.SellAsync(List);
        await UseAsync(story, "1", "acme", "gpt-9", "input", 4_000_000);
        await story.Host.AdvanceToAsync("2026-02-20T00:00:00Z");
        Assert.Empty(await story.InvoicesOfAsync("acme"));

        // Everything becomes dearer, and the new model has a price.
        var next = PriceList.Read(List, "plan.json");
        var price = next["phases"]![0]!["rateCards"]![0]!["price"]!;
        foreach (var cell in price["cells"]!.AsArray())
        {
            cell!["amount"] = "1000";
        }

        price["cells"]!.AsArray().Add(JsonNode.Parse("""{"values":{"model":"gpt-9"},"amount":"5"}"""));
        await story.Host.PostAsync("/api/v1/plans", next, 201);
        await story.Host.PostAsync($"/api/v1/plans/{List}/publish", new JsonObject(), 200);
        await story.Host.AdvanceToAsync("2026-02-20T00:05:00Z");

        var invoice = Assert.Single(await story.InvoicesOfAsync("acme"));
        Assert.Equal("44.45", (string?)invoice["totals"]!["total"]);
        Assert.Equal(1, (int)invoice["plan"]!["version"]!);
        var line = invoice["lines"]![0]!;
        Assert.Equal(2, (int)line["explanation"]!["supplementedBy"]!["planVersion"]!);
        var added = line["children"]!.AsArray().Single(charge => (string?)charge!["group"] == "model gpt-9, token_type input")!;
        Assert.Equal(("4", "5", "20"), ((string?)added["quantity"], (string?)added["perUnitAmount"], (string?)added["totals"]!["total"]));
        Assert.Empty((await story.Host.GetAsync("/api/v1/billing/blocked-periods"))["items"]!.AsArray());
    }

    [Fact]
    public async Task Events_that_correct_it_let_the_next_run_bill_it()
    {
        await using var story = await PriceList.SellAsync(List);
        await UseAsync(story, "1", "acme", "gpt-5 ", "input", 4_000_000);
        await story.Host.AdvanceToAsync("2026-02-20T00:00:00Z");
        Assert.Single((await story.Host.GetAsync("/api/v1/billing/blocked-periods"))["items"]!.AsArray());

        await UseAsync(story, "2", "acme", "gpt-5 ", "input", -4_000_000);
        await UseAsync(story, "3", "acme", "gpt-5", "input", 4_000_000);
        await story.Host.AdvanceToAsync("2026-02-20T00:05:00Z");

        Assert.Equal("29.45", (string?)Assert.Single(await story.InvoicesOfAsync("acme"))["totals"]!["total"]);
        Assert.Empty((await story.Host.GetAsync("/api/v1/billing/blocked-periods"))["items"]!.AsArray());
    }

    [Fact]
    public async Task A_refund_blocks_a_price_that_looks_at_each_transaction_until_it_is_taken_back()
    {
        await using var story = await PriceList.SellAsync("take-rate");
        await PurchaseAsync(story, "refund", "-10.00");
        await story.Host.AdvanceToAsync("2026-02-20T00:00:00Z");
        var blocked = Assert.Single((await story.Host.GetAsync("/api/v1/billing/blocked-periods"))["items"]!.AsArray())!;
        var reason = Assert.Single(blocked["reasons"]!.AsArray())!;
        Assert.Equal(("negative_transaction", "-10"), ((string?)reason["reason"], (string?)reason["quantity"]));
        Assert.Empty(await story.InvoicesOfAsync("acme"));
    }

    [Fact]
    public async Task The_list_of_blocked_periods_refuses_what_it_cannot_read()
    {
        await using var story = await Story.BeginAsync();
        var problem = await story.Host.GetAsync("/api/v1/billing/blocked-periods?page=0", 400);
        Assert.Equal("?page", (string?)problem["errors"]![0]!["pointer"]);
        var key = await story.Host.PostAsync("/api/v1/api-keys", new JsonObject { ["name"] = "gateway", ["role"] = "gateway" });
        using var gateway = story.Host.ClientWith((string)key["key"]!);
        using var refused = await gateway.GetAsync("/api/v1/billing/blocked-periods");
        Assert.Equal(System.Net.HttpStatusCode.Forbidden, refused.StatusCode);
    }

    private static IEnumerable<string> Unpriced(JsonNode reasons) => reasons.AsArray().Select(reason =>
        $"{((string?)reason!["dimensions"]!["model"] is { Length: > 0 } model ? model : "(none)")}/{reason["dimensions"]!["token_type"]} " +
        $"{reason["quantity"]}");

    private static async Task<JsonNode> UpcomingAsync(Story story) =>
        (await story.Host.GetAsync("/api/v1/customers/acme/billing/upcoming"))["subscriptions"]![0]!;

    private static async Task UseAsync(Story story, string id, string subject, string? model, string tokenType, long tokens)
    {
        var data = new JsonObject { ["token_type"] = tokenType, ["tokens"] = tokens };
        if (model is not null)
        {
            data["model"] = model;
        }

        await PostAsync(story, $"extra-{id}", subject, "llm.tokens", data);
    }

    private static Task PurchaseAsync(Story story, string id, string amount) =>
        PostAsync(story, id, "acme", "marketplace.purchase", new JsonObject { ["amount"] = amount, ["model"] = "gpt-4o" });

    private static Task PostAsync(Story story, string id, string subject, string type, JsonObject data) => story.PostEventsAsync(
    [
        new JsonObject
        {
            ["specversion"] = "1.0", ["id"] = id, ["source"] = "extra", ["type"] = type, ["subject"] = subject, ["time"] = "2026-01-20T00:00:00Z",
            ["data"] = data,
        },
    ]);
}
