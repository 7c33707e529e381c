using System.Text.Json.Nodes;
using Metering.Invoicing.Tests.Support;
using Metering.Testing;
using Xunit;

namespace Metering.Invoicing.Tests.Lines;

public sealed class LineStoryTests
{
    [Fact]
    public async Task Usage_is_billed_in_the_middle_of_the_month_and_the_rest_at_its_end()
    {
        await using var host = await ProAsync();
        var id = await host.CustomerIdAsync("initech");
        await host.UseTokensAsync("initech", "1", "2026-01-05T12:00:00Z", 6_000_000);
        await host.AdvanceToAsync("2026-01-16T00:00:00Z");
        var upcoming = await host.GetAsync("/api/v1/customers/initech/billing/upcoming");
        var lineId = (string)upcoming["subscriptions"]![0]!["lines"]!.AsArray().Single(line => (string?)line!["featureKey"] == "tokens")!["lineId"]!;

        await host.SendAsync(
            HttpMethod.Post, "/api/v1/billing/invoices/invoice", $$"""{"customerId":"{{id}}","progressiveBillingOverride":false}""", 400);
        var draft = Assert.Single(await host.InvoiceNowAsync(id, $$""","filters":{"lineIds":["{{lineId}}"]}"""))!;
        Assert.Equal("draft.waiting_auto_approval", Shop.Status(draft));
        Assert.Equal("advance:issued approve:issued delete:deleted snapshotQuantities:issued", Shop.Actions(draft));
        Assert.Equal("20", Shop.Total(draft));
        await host.ActAsync(draft, "advance");

        // Late for the first part, and on the second: nothing is billed twice and nothing is lost.
        await host.UseTokensAsync("initech", "2", "2026-01-10T12:00:00Z", 1_000_000);
        await host.UseTokensAsync("initech", "3", "2026-01-20T12:00:00Z", 5_000_000);
        await host.AdvanceToAsync("2026-02-01T00:00:00Z");
        Golden.Matches(await host.LedgerAsync(id), "progressive.txt");

        var rest = (await host.GetAsync("/api/v1/billing/invoices/INV-2026-000003"))["lines"]!.AsArray()
            .Single(line => (string?)line!["featureKey"] == "tokens")!;
        Assert.Equal(("6000000", "6000000"), ((string?)rest["meteredQuantity"], (string?)rest["meteredPreLinePeriodQuantity"]));
        Assert.Equal("2026-01-16T00:00:00Z", (string?)rest["period"]!["from"]);
    }

    [Fact]
    public async Task A_draft_of_usage_that_is_deleted_leaves_the_usage_to_the_end_of_the_month()
    {
        await using var host = await ProAsync();
        var id = await host.CustomerIdAsync("initech");
        await host.UseTokensAsync("initech", "1", "2026-01-05T12:00:00Z", 6_000_000);
        await host.AdvanceToAsync("2026-01-16T00:00:00Z");
        var draft = (await host.InvoiceNowAsync(id))[0]!;
        await host.SendAsync(HttpMethod.Delete, $"/api/v1/billing/invoices/{draft["id"]}", "", 204);
        await host.AdvanceToAsync("2026-02-01T00:00:00Z");
        Assert.Equal(
            """
            INV-2026-000001 | overdue | 49 | Pro subscription 49
            INV-2026-000002 | issued | 69 | Pro subscription 49, Tokens 20
            """,
            await host.LedgerAsync(id), ignoreLineEndingDifferences: true);
    }

    [Fact]
    public async Task A_one_off_line_goes_along_on_the_next_invoice()
    {
        await using var host = await ProAsync();
        var id = await host.CustomerIdAsync("initech");
        await host.AdvanceToAsync("2026-01-10T00:00:00Z");
        var created = await host.PendingAsync(id, Shop.Fee("Training", "250", "2026-02-01T00:00:00Z"));
        Assert.True((bool)created["isInvoiceNew"]!);
        Assert.Equal("delete:deleted invoice:", Shop.Actions(created["invoice"]!));
        Assert.False((bool)(await host.PendingAsync(id, Shop.Fee("Setup", "100", "2026-02-15T00:00:00Z")))["isInvoiceNew"]!);
        await host.AdvanceToAsync("2026-02-01T00:00:00Z");
        Golden.Matches(await host.LedgerAsync(id), "one-off.txt");
        await host.AdvanceToAsync("2026-02-16T00:00:00Z");
        Golden.Matches(await host.LedgerAsync(id), "one-off-later.txt");
    }

    [Fact]
    public async Task Usage_of_a_line_by_hand_is_split_as_a_subscription_s_is()
    {
        await using var host = await TestHost.StartAsync("2026-01-01T00:00:00Z");
        await host.PublishSampleTiersAsync();
        var id = await host.CustomerAsync("initech");
        const string Tokens =
            """
            {"name":"Tokens","period":{"from":"2026-01-01T00:00:00Z","to":"2026-02-01T00:00:00Z"},"invoiceAt":"2026-02-01T00:00:00Z",
             "rateCard":{"featureKey":"tokens","price":{"type":"tiered","mode":"graduated","tiers":[
               {"upToAmount":"1000","flatPrice":null,"unitPrice":{"type":"unit","amount":"0.01"}},
               {"flatPrice":null,"unitPrice":{"type":"unit","amount":"0.005"}}]}}}
            """;
        var pending = await host.PendingAsync(id, Tokens);
        await host.UseTokensAsync("initech", "1", "2026-01-05T12:00:00Z", 1_500);
        await host.AdvanceToAsync("2026-01-16T00:00:00Z");
        Assert.Equal("12.5", Shop.Total(await host.AgainAsync(pending["invoice"]!)));
        var first = (await host.InvoiceNowAsync(id))[0]!;
        Assert.Equal("12.5", Shop.Total(first));
        Assert.Equal("0", Shop.Total(await host.AgainAsync(pending["invoice"]!)));

        // The part that is taken anew counts more, and the rest counts on from there.
        await host.UseTokensAsync("initech", "2", "2026-01-06T12:00:00Z", 100);
        await host.UseTokensAsync("initech", "3", "2026-01-20T12:00:00Z", 300);
        Assert.Equal("2", Shop.Total(await host.AgainAsync(pending["invoice"]!)));
        await host.ActAsync(first, "snapshot-quantities");
        Assert.Equal("13", Shop.Total(await host.AgainAsync(first)));
        Assert.Equal("1.5", Shop.Total(await host.AgainAsync(pending["invoice"]!)));
        await host.AdvanceToAsync("2026-02-01T00:00:00Z");
        Assert.Equal(["13", "1.5"], (await host.LedgerAsync(id)).Split('\n').Where(row => row.StartsWith("INV", StringComparison.Ordinal))
            .Select(row => row.Split(" | ")[2]));
    }

    [Fact]
    public async Task A_voided_invoice_keeps_its_number_and_its_lines_are_billed_again()
    {
        await using var host = await ProAsync();
        var id = await host.CustomerIdAsync("initech");
        await host.UseTokensAsync("initech", "1", "2026-01-05T12:00:00Z", 6_000_000);
        await host.AdvanceToAsync("2026-02-01T00:00:00Z");
        var wrong = await host.GetAsync("/api/v1/billing/invoices/INV-2026-000002");
        var fee = wrong["lines"]!.AsArray().Single(line => (string?)line!["featureKey"] is null)!;
        var voided = await host.ActAsync(wrong, "void", 200, $$$$"""
            {"reason":"Wrong address","action":{"percentage":100,"action":{"type":"pending","nextInvoiceAt":"2026-02-03T00:00:00Z"}},
             "overrides":[{"lineId":"{{{{fee["id"]}}}}","action":{"percentage":100,"action":{"type":"discard"}}}]}
            """);
        Assert.Equal(("voided", "INV-2026-000002", "Wrong address"), (Shop.Status(voided), (string?)voided["number"], (string?)voided["voidReason"]));
        await host.UseTokensAsync("initech", "late", "2026-01-06T12:00:00Z", 1_000_000);
        await host.AdvanceToAsync("2026-02-03T00:00:00Z");
        Golden.Matches(await host.LedgerAsync(id), "void-and-again.txt");

        // The next month goes on as if nothing had happened.
        await host.AdvanceToAsync("2026-03-01T00:00:00Z");
        Assert.EndsWith("INV-2026-000004 | issued | 49 | Pro subscription 49", await host.LedgerAsync(id), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_simulation_stores_nothing_and_goes_on_from_what_was_billed_before()
    {
        await using var host = await TestHost.StartAsync("2026-01-01T00:00:00Z");
        var id = await host.CustomerAsync("initech");
        var simulated = await host.SendAsync(HttpMethod.Post, $"/api/v1/billing/customers/{id}/invoices/simulate", """
            {"currency":"EUR","number":"TEST-1","lines":[
              {"name":"Calls","period":{"from":"2026-01-01T00:00:00Z","to":"2026-02-01T00:00:00Z"},"invoiceAt":"2026-02-01T00:00:00Z",
               "quantity":"1500","preLinePeriodQuantity":"800","rateCard":{"discounts":{"percentage":{"percentage":10}},
               "price":{"type":"tiered","mode":"graduated","tiers":[{"upToAmount":"1000","flatPrice":null,"unitPrice":{"type":"unit","amount":"0.1"}},
                 {"flatPrice":null,"unitPrice":{"type":"unit","amount":"0.05"}}]}}},
              {"name":"Setup","period":{"from":"2026-01-01T00:00:00Z","to":"2026-02-01T00:00:00Z"},"invoiceAt":"2026-02-01T00:00:00Z",
               "quantity":"1","price":{"type":"flat","amount":"100"}}]}
            """, 200);
        Assert.Equal(("TEST-1", "176.5", "EUR"), ((string?)simulated["number"], Shop.Total(simulated), (string?)simulated["currency"]));
        Assert.Equal("8.5", (string?)simulated["totals"]!["discountsTotal"]);
        Assert.Equal("8.5", (string?)simulated["lines"]![0]!["discounts"]!["amount"]![0]!["amount"]);
        Assert.Equal(0, (int)(await host.GetAsync("/api/v1/billing/invoices?includeDeleted=true"))["totalCount"]!);
    }

    [Fact]
    public async Task Anchored_collection_gathers_what_falls_due_until_its_day()
    {
        await using var host = await TestHost.StartAsync("2026-01-01T00:00:00Z");
        await host.PutProfileAsync(ProfileSetup.Seller, """
            {"collection":{"alignment":{"type":"anchored","recurringPeriod":{"interval":"MONTH","anchor":"2026-01-05T00:00:00Z"}},"interval":"PT0S"},
             "payment":{"collectionMethod":"send_invoice"}}
            """);
        await host.PublishSampleTiersAsync();
        await host.SignUpAsync("initech", "pro");
        var id = await host.CustomerIdAsync("initech");
        await host.UseTokensAsync("initech", "1", "2026-01-10T12:00:00Z", 3_000_000);
        await host.PendingAsync(id, Shop.Fee("Training", "250", "2026-02-03T00:00:00Z"));
        await host.AdvanceToAsync("2026-02-04T00:00:00Z");
        await host.UseTokensAsync("initech", "late", "2026-01-31T12:00:00Z", 1_000_000);
        await host.AdvanceToAsync("2026-02-05T00:00:00Z");
        Golden.Matches(await host.LedgerAsync(id), "anchored.txt");
    }

    private static async Task<TestHost> ProAsync()
    {
        var host = await TestHost.StartAsync("2026-01-01T00:00:00Z");
        await host.PublishSampleTiersAsync();
        await host.SignUpAsync("initech", "pro");
        await host.AdvanceToAsync("2026-01-01T00:00:00Z");
        return host;
    }
}
