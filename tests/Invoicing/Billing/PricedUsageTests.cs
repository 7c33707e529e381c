using System.Text.Json.Nodes;
using Metering.Invoicing.Invoices;
using Metering.Invoicing.Tests.Support;
using Metering.Testing;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Metering.Invoicing.Tests.Billing;

/// <summary>Every price model, from a plan document to the lines of a document.</summary>
public sealed class PricedUsageTests
{
    // Payments of 10, 25, 100, 7.50, 250 and 1,999.99 make 2,392.49. By hand:
    // 1. 10, 25 and 100 are the three free ones. 2,257.49 × 1.3 % = 29.34737; three fees of 2; the last payment costs 27.99987 and at most 20.
    // 2. The first 1,000 at 1 % and 20 flat, 1,392.49 at 0.4 % = 5.56996.
    // 3. Cost 2,392.49, 20 % of it 478.498, six times 0.01.
    // 4. 2,392.49 × 1.2 = 2,870.988, capped at 2,000.
    // 5. 1,000 included; of 1,392.49 the first 500 at 0.50 and 892.49 at 0.25 = 223.1225.
    // 6. 1,999.99 is large and costs 0.1 a unit; the five small ones have 392.50, of which 100 are included and 292.50 cost 0.2.
    // 7. One pool for all kinds: 2,392.49 less 2,000 is 392.49 at 0.1 = 39.249.
    [Fact]
    public async Task Every_price_model_is_billed_with_its_explanation()
    {
        await using var host = await TestHost.StartAsync("2026-01-01T00:00:00Z");
        await PricedPlan.PublishAsync(
            host, "everything", null,
            """
            {"type":"percentage","rate":"1.3","fixedAmountPerTransaction":"2","freeTransactions":3,"freeAmount":"250","perTransactionMaximum":"20"}
            """,
            """{"type":"graduated_percentage","rates":[{"upToAmount":"1000","rate":"1","flatPrice":{"type":"flat","amount":"20"}},{"rate":"0.4"}]}""",
            """{"type":"dynamic","markupPercentage":"20","markupPerTransaction":"0.01"}""",
            """{"type":"dynamic","multiplier":"1.2","maximumAmount":"2000"}""",
            """
            {"type":"overage","includedQuantity":"1000","price":{"type":"tiered","mode":"graduated","tiers":[
             {"upToAmount":"500","flatPrice":null,"unitPrice":{"type":"unit","amount":"0.5"}},
             {"flatPrice":null,"unitPrice":{"type":"unit","amount":"0.25"}}]}}
            """,
            """
            {"type":"dimensional","dimensions":["kind"],"cells":[{"values":{"kind":"large"},"amount":"0.1"}],
             "default":{"type":"overage","includedQuantity":"100","price":{"type":"unit","amount":"0.2"}}}
            """,
            """
            {"type":"dimensional","dimensions":["kind"],"pooling":"pooled",
             "default":{"type":"overage","includedQuantity":"2000","price":{"type":"unit","amount":"0.1"}}}
            """);
        await host.SignUpAsync("initech", "everything");
        await PricedPlan.PayAsync(host, "initech", "2026-01-10T12:00:00Z", "10.00", "25.00", "100.0");
        await PricedPlan.PayAsync(host, "initech", "2026-01-10T12:00:01Z", "7.50", "0", "250.0", "1999.99");
        await host.AdvanceToAsync("2026-02-01T00:00:00Z");

        var invoice = await host.Services.GetRequiredService<InvoiceReader>().FindAsync("INV-2026-000001", CancellationToken.None);
        Golden.Matches(InvoicePrinter.Print(invoice!), "every-price.txt");
    }

    [Fact]
    public async Task Unused_prices_make_no_line()
    {
        await using var host = await TestHost.StartAsync("2026-01-01T00:00:00Z");
        await PricedPlan.PublishAsync(
            host, "idle", null, """{"type":"percentage","rate":"5","fixedAmountPerTransaction":"1"}""", """{"type":"dynamic"}""",
            """{"type":"dimensional","dimensions":["kind"],"cells":[{"values":{"kind":"large"},"amount":"0.1"}]}""");
        await host.SignUpAsync("initech", "idle");
        await host.AdvanceToAsync("2026-03-01T00:00:00Z");
        Assert.Equal(0, (int)(await host.GetAsync("/api/v1/billing/invoices"))["totalCount"]!);
        Assert.Empty((await host.GetAsync("/api/v1/billing/blocked-periods"))["items"]!.AsArray());
    }

    [Fact]
    public async Task A_price_list_that_priced_nothing_of_a_line_is_not_copied_onto_it()
    {
        await using var host = await TestHost.StartAsync("2026-01-01T00:00:00Z");
        await PricedPlan.PublishAsync(
            host, "list", null,
            """
            {"type":"dimensional","dimensions":["kind"],"cells":[{"values":{"kind":"large"},"amount":"0.1"},{"values":{"kind":"small"},"amount":"1"}]}
            """);
        await host.SignUpAsync("initech", "list");
        await PricedPlan.PayAsync(host, "initech", "2026-01-10T12:00:00Z", "5");
        await host.AdvanceToAsync("2026-02-01T00:00:00Z");

        var line = (await host.GetAsync("/api/v1/billing/invoices/INV-2026-000001"))["lines"]![0]!;

        var cell = Assert.Single(line["rateCard"]!["price"]!["cells"]!.AsArray())!;
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse("""{"values":{"kind":"small"},"amount":"1"}"""), cell), cell.ToJsonString());
    }
}
