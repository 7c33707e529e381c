using System.Text.Json.Nodes;
using Metering.Invoicing.Tests.Support;
using Metering.Testing;
using Xunit;

namespace Metering.Invoicing.Tests.Billing;

/// <summary>The least that a billing period costs over all rate cards of a plan.</summary>
public sealed class CommitmentTests
{
    private const string Fee = """{"type":"flat","amount":"49","paymentTerm":"in_advance"}""";
    private const string PerUnit = """{"type":"unit","amount":"1"}""";

    [Fact]
    public async Task What_is_missing_is_a_line_of_its_own_and_the_fee_that_opened_the_period_counts()
    {
        await using var host = await TestHost.StartAsync("2026-01-01T00:00:00Z");
        await PricedPlan.PublishAsync(host, "committed", "100", Fee, PerUnit);
        await host.SignUpAsync("initech", "committed");
        await PricedPlan.PayAsync(host, "initech", "2026-01-10T00:00:00Z", "20");
        await PricedPlan.PayAsync(host, "initech", "2026-02-10T00:00:00Z", "60");

        // As if January ended now: 100 − 49 − 20.
        await host.AdvanceToAsync("2026-01-15T00:00:00Z");
        var upcoming = (await host.GetAsync("/api/v1/customers/initech/billing/upcoming"))["subscriptions"]![0]!;
        Assert.Equal("100", (string?)upcoming["total"]);

        await host.AdvanceToAsync("2026-03-01T00:00:00Z");

        Assert.Equal(["Card 1 49"], await LinesAsync(host, 1));
        Assert.Equal(["Card 1 49", "Card 2 20", "Minimum spend 31"], await LinesAsync(host, 2));
        Assert.Equal(["Card 1 49", "Card 2 60"], await LinesAsync(host, 3));
        var line = (await host.GetAsync("/api/v1/billing/invoices/INV-2026-000002"))["lines"]![2]!;
        Assert.Equal("2026-01-01T00:00:00Z", (string?)line["period"]!["from"]);
        Assert.Equal("2026-02-01T00:00:00Z", (string?)line["period"]!["to"]);
        Assert.Equal("31", (string?)line["totals"]!["chargesTotal"]);
        Assert.Equal(("100", "69"), (
            (string?)line["explanation"]!["commitment"]!["committed"], (string?)line["explanation"]!["commitment"]!["charged"]));
        Assert.Equal("Minimum spend: 100.00 agreed, 69.00 charged", (string?)line["children"]![0]!["name"]);
    }

    [Fact]
    public async Task A_period_that_begins_late_or_ends_early_owes_its_share()
    {
        await using var host = await TestHost.StartAsync("2026-01-16T00:00:00Z");
        await PricedPlan.PublishAsync(host, "committed", "310", PerUnit);
        await host.SignUpAsync("other", "committed");
        await host.PostAsync("/api/v1/customers", JsonNode.Parse("""{"name":"Late","key":"late"}""")!, 201);
        var subscription = await host.PostAsync(
            "/api/v1/subscriptions",
            JsonNode.Parse("""{"plan":{"key":"committed"},"customerKey":"late","billingAnchor":"2026-01-01T00:00:00Z"}""")!, 201);
        await host.AdvanceToAsync("2026-02-08T00:00:00Z");
        await host.PostAsync($"/api/v1/subscriptions/{subscription["id"]}/cancel", new JsonObject { ["timing"] = "immediate" });
        await host.AdvanceToAsync("2026-02-15T23:00:00Z");

        // 16 of 31 days of January, then 7 of 28 of February.
        Assert.Equal(["Minimum spend 160"], await LinesAsync(host, 1));
        Assert.Equal(["Minimum spend 77.5"], await LinesAsync(host, 2));
        var charge = (await host.GetAsync("/api/v1/billing/invoices/INV-2026-000001"))["lines"]![0]!["children"]![0]!;
        Assert.Equal("Minimum spend for 16 of 31 days: 160.00 agreed, 0.00 charged", (string?)charge["name"]);
    }

    private static async Task<IEnumerable<string>> LinesAsync(TestHost host, int number)
    {
        var invoice = await host.GetAsync($"/api/v1/billing/invoices/INV-2026-{number:000000}");
        return invoice["lines"]!.AsArray().Select(line => $"{line!["name"]} {line["totals"]!["total"]}").Order(StringComparer.Ordinal);
    }
}
