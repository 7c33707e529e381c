using System.Diagnostics;
using System.Net;
using System.Text.Json.Nodes;
using Metering.EnforcementSidecar.Tests.Support;
using Xunit;

namespace Metering.EnforcementSidecar.Tests.Credits;

/// <summary>Prepaid credit through the real Host and real sidecars.</summary>
public sealed class PrepaidTests
{
    private const string ACent = """{"type":"unit","amount":"0.01"}""";

    [Fact]
    public async Task Requests_pass_as_far_as_credit_pays_for_them_and_then_402_tells_what_is_left()
    {
        await using var shop = await PrepaidShop.OpenAsync(ACent);
        Assert.Equal("402 credit_exhausted", await shop.OutcomeAsync());
        await shop.GrantAsync("0.05");
        await Eventually.TrueAsync(async () => await shop.OutcomeAsync() == "passed", "the top-up");
        Assert.Equal(4, await shop.PassUntilDeniedAsync());

        using var denied = await shop.CheckAsync(units: 3);
        Assert.Equal(HttpStatusCode.PaymentRequired, denied.StatusCode);
        Assert.Equal("\"calls-credit\";level=credit;limit=0.05;remaining=0;currency=USD", denied.Headers.GetValues("X-Meter-Limit").Single());
        Assert.False(denied.Headers.Contains("Retry-After"));
        var problem = JsonNode.Parse(await denied.Content.ReadAsStringAsync())!;
        Assert.Equal(
            ("urn:metering:problem:payment-required", "credit_exhausted", "credit", "0.05", "0", "USD"),
            ((string?)problem["type"], (string?)problem["reason"], (string?)problem["level"], (string?)problem["limit"],
                (string?)problem["remaining"], (string?)problem["currency"]));
    }

    [Fact]
    public async Task Many_sidecars_together_never_let_more_through_than_credit_pays_for_and_leave_none_of_it()
    {
        await using var shop = await PrepaidShop.OpenAsync(ACent, sidecars: 3);
        await shop.GrantAsync("2.00");
        await Eventually.TrueAsync(async () => (await shop.AccountAsync()).Balance > 0, "the grant");
        var outcomes = await Task.WhenAll(Enumerable.Range(0, 400).Select(i => shop.OutcomeAsync(i % 3)));
        var passed = outcomes.Count(outcome => outcome == "passed");
        Assert.All(outcomes, outcome => Assert.True(outcome is "passed" or "402 credit_exhausted", outcome));
        Assert.InRange(passed, 1, 200);

        // Whatever was left in leases comes together for those who ask on.
        await Eventually.TrueAsync(async () => (passed += await shop.PassUntilDeniedAsync()) == 200, "the rest");
        Assert.Equal("402 credit_exhausted", await shop.OutcomeAsync(1));
        var (used, balance) = await shop.AccountAsync();
        Assert.True(used <= balance, $"{used} of {balance}");
    }

    [Fact]
    public async Task A_top_up_is_pushed_to_every_sidecar()
    {
        await using var shop = await PrepaidShop.OpenAsync(ACent, sidecars: 2);
        await shop.GrantAsync("0.01");
        await Eventually.TrueAsync(async () => await shop.OutcomeAsync() == "passed", "the grant");
        Assert.Equal(0, await shop.PassUntilDeniedAsync());
        Assert.Equal("402 credit_exhausted", await shop.OutcomeAsync(1));

        var started = Stopwatch.GetTimestamp();
        await shop.GrantAsync("1.00");
        await Eventually.TrueAsync(async () => await shop.OutcomeAsync(0) == "passed" && await shop.OutcomeAsync(1) == "passed", "the top-up");
        var took = Stopwatch.GetElapsedTime(started);
        Console.WriteLine($"prepaid: a top-up reached both sidecars in {took.TotalMilliseconds:0} ms");
    }

    [Fact]
    public async Task What_was_not_used_comes_back_and_the_invoice_charges_what_was_spent_once()
    {
        await using var shop = await PrepaidShop.OpenAsync(ACent);
        await shop.GrantAsync("0.10");
        await Eventually.TrueAsync(async () => await shop.OutcomeAsync(units: 100) == "402 credit_exhausted", "the grant");
        await Eventually.TrueAsync(async () => (await shop.AccountAsync()).Balance > 0, "the grant");
        await shop.UseAsync(reserved: 9, used: 2);

        // 0.07 came back: together with the cent that was left it pays for eight more.
        await Eventually.TrueAsync(async () => await shop.OutcomeAsync(units: 8) == "passed", "what was not used");
        Assert.Equal("402 credit_exhausted", await shop.OutcomeAsync());
        await Eventually.TrueAsync(async () => await shop.RecordedAsync() == "2", "the event");

        // The bill of the period takes what its events say from the wallet, and what was set aside for it is free again: the eight of which nobody
        // told what became of them.
        await shop.Host.AdvanceToAsync("2026-03-01T00:00:00Z");
        var invoice = (await shop.Host.GetAsync($"/api/v1/billing/invoices?customers={shop.CustomerId}&statuses=paid"))["items"]!.AsArray().Single()!;
        Assert.Equal(("0.02", "0.02", "0"), (
            (string?)invoice["totals"]!["amount"], (string?)invoice["totals"]!["creditsTotal"], (string?)invoice["totals"]!["total"]));
        Assert.Equal("0.08", await shop.SettledAsync());
        var (used, balance) = await shop.AccountAsync();
        Assert.Equal((0L, 80_000_000L), (used, balance));
        await Eventually.TrueAsync(async () => await shop.OutcomeAsync(units: 8) == "passed", "the new period");
        Assert.Equal("402 credit_exhausted", await shop.OutcomeAsync());
    }

    [Fact]
    public async Task What_a_voided_invoice_gives_back_is_owed_again_for_what_was_spent()
    {
        await using var shop = await PrepaidShop.OpenAsync(ACent);
        await shop.GrantAsync("0.10");
        await Eventually.TrueAsync(async () => (await shop.AccountAsync()).Balance > 0, "the grant");
        await Eventually.TrueAsync(async () => await shop.OutcomeAsync(units: 11) == "402 credit_exhausted", "the grant");
        await shop.UseAsync(reserved: 8, used: 8);
        await shop.RecordAsync(50);
        await Eventually.TrueAsync(async () => await shop.RecordedAsync() == "58", "the events");
        await shop.Host.AdvanceToAsync("2026-02-11T00:00:00Z");
        var invoice = (await shop.Host.GetAsync($"/api/v1/billing/invoices?customers={shop.CustomerId}"))["items"]!.AsArray().Single()!;
        Assert.Equal(("0.58", "0.1"), ((string?)invoice["totals"]!["amount"], (string?)invoice["totals"]!["creditsTotal"]));
        Assert.Equal((0L, 0L), await shop.AccountAsync());

        // The wallet has its credit back, and what was spent of it is not spent twice.
        await shop.Host.PostAsync(
            $"/api/v1/billing/invoices/{invoice["id"]}/void",
            JsonNode.Parse("""
                {"reason":"Wrong","action":{"percentage":100,"action":{"type":"pending","nextInvoiceAt":"2026-03-01T00:00:00Z"}}}
                """)!);
        var (used, balance) = await shop.AccountAsync();
        Assert.Equal((80_000_000L, 100_000_000L), (used, balance));
        Assert.Equal("402 credit_exhausted", await shop.OutcomeAsync(units: 3));
    }

    [Fact]
    public async Task A_request_that_credit_denies_burns_nothing_of_the_quota()
    {
        await using var shop = await PrepaidShop.OpenAsync(
            ACent, entitlement: """{"type":"metered","issueAfterReset":10,"usagePeriod":"P1M","requestLimits":{"prepaid":true}}""");
        for (var i = 0; i < 20; i++)
        {
            Assert.Equal("402 credit_exhausted", await shop.OutcomeAsync());
        }

        await shop.GrantAsync("5.00");
        await Eventually.TrueAsync(async () => await shop.OutcomeAsync() == "passed", "the top-up");
        Assert.Equal(9, await shop.PassUntilDeniedAsync());
        Assert.Equal("429 quota_exhausted", await shop.OutcomeAsync());
    }

    [Fact]
    public async Task In_tiers_a_request_needs_credit_for_the_dearest_and_the_invoice_takes_the_true_price()
    {
        const string Tiers = """
            {"type":"tiered","mode":"graduated","tiers":[
              {"upToAmount":"10","flatPrice":null,"unitPrice":{"type":"unit","amount":"0.01"} },
              {"upToAmount":null,"flatPrice":null,"unitPrice":{"type":"unit","amount":"0.05"} }]}
            """;
        await using var shop = await PrepaidShop.OpenAsync(Tiers);
        await shop.GrantAsync("0.20");
        await Eventually.TrueAsync(async () => (await shop.AccountAsync()).Balance > 0, "the grant");
        await Eventually.TrueAsync(async () => await shop.OutcomeAsync(units: 5) == "402 credit_exhausted", "the price");
        await shop.UseAsync(reserved: 4, used: 4);
        Assert.Equal("402 credit_exhausted", await shop.OutcomeAsync());
        await Eventually.TrueAsync(async () => await shop.RecordedAsync() == "4", "the event");
        await shop.Host.AdvanceToAsync("2026-03-01T00:00:00Z");
        Assert.Equal("0.16", await shop.SettledAsync());
        Assert.Equal(0L, (await shop.AccountAsync()).Used);
    }

    [Fact]
    public async Task Credit_for_some_features_is_not_spent_through_sidecars_and_what_nothing_prices_is_undecided()
    {
        await using var shop = await PrepaidShop.OpenAsync("""{"type":"package","amount":"5","quantityPerPackage":"100"}""");
        await shop.GrantAsync("5.00", ""","filters":{"features":["calls"]}""");
        Assert.Equal("5", await shop.SettledAsync());
        Assert.Equal(0L, (await shop.AccountAsync()).Balance);
        Assert.Equal("503 credit_unknown", await shop.OutcomeAsync());
    }
}
