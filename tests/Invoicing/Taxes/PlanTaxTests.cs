using System.Text.Json.Nodes;
using Metering.Testing;
using Xunit;

namespace Metering.Invoicing.Tests.Taxes;

/// <summary>Tax that a plan's rate cards name themselves.</summary>
public sealed class PlanTaxTests
{
    [Fact]
    public async Task A_rate_card_says_which_tax_its_lines_and_what_is_given_back_of_them_bear()
    {
        await using var host = await TestHost.StartAsync("2026-01-01T00:00:00Z");
        await host.PostAsync("/api/v1/billing/tax-codes", Json("""{"key":"reduced","name":"Reduced VAT","percent":10}"""), 201);
        await host.PostAsync("/api/v1/customers", Json("""{"key":"initech","name":"Initech"}"""), 201);
        await PublishAsync(host, "reduced");
        var subscription = await host.PostAsync(
            "/api/v1/subscriptions", Json("""{"customerKey":"initech","plan":{"key":"books"}}"""), 201);

        await host.AdvanceToAsync("2026-01-01T00:00:00Z");
        var shown = await host.GetAsync($"/api/v1/subscriptions/{subscription["id"]}");
        Assert.Equal("reduced", (string?)shown["phases"]![0]!["items"]![0]!["taxConfig"]!["customInvoicing"]!["code"]);
        Assert.Equal("Books 33 inclusive 3, Music 31 untaxed", await LinesAsync(host));

        await host.AdvanceToAsync("2026-01-15T12:00:00Z");
        await host.PostAsync($"/api/v1/subscriptions/{subscription["id"]}/cancel", Json("""{"timing":"immediate"}"""), 200);
        await host.AdvanceToAsync("2026-01-15T12:00:01Z");
        Assert.Equal("Books (unused) -17.56 inclusive -1.6, Music (unused) -16.5 untaxed", await LinesAsync(host));
    }

    [Fact]
    public async Task A_tax_code_that_nobody_made_keeps_the_draft_from_being_issued()
    {
        await using var host = await TestHost.StartAsync("2026-01-01T00:00:00Z");
        await host.PostAsync("/api/v1/customers", Json("""{"key":"initech","name":"Initech"}"""), 201);
        await PublishAsync(host, "nothing");
        await host.PostAsync("/api/v1/subscriptions", Json("""{"customerKey":"initech","plan":{"key":"books"}}"""), 201);
        await host.AdvanceToAsync("2026-01-01T00:00:01Z");

        var draft = (await host.GetAsync("/api/v1/billing/invoices?expand=lines"))["items"]![0]!;

        Assert.Equal("draft.invalid", (string?)draft["statusDetails"]!["extendedStatus"]);
        Assert.Equal("unknown_tax_code", (string?)draft["validationIssues"]![0]!["code"]);
        await host.PostAsync("/api/v1/billing/tax-codes", Json("""{"key":"nothing","name":"None","percent":0}"""), 201);
        var retried = await host.PostAsync($"/api/v1/billing/invoices/{draft["id"]}/retry", new JsonObject(), 200);
        Assert.Equal("issued", (string?)retried["status"]);
    }

    private static async Task PublishAsync(TestHost host, string code)
    {
        await host.PostAsync("/api/v1/plans", Json($$"""
            {"key":"books","name":"Books","currency":"USD","billingCadence":"P1M","phases":[{"key":"main","name":"Main","duration":null,
             "rateCards":[
             {"type":"flat_fee","key":"books","name":"Books","billingCadence":"P1M","price":{"type":"flat","amount":"33","paymentTerm":"in_advance"},
              "taxConfig":{"behavior":"inclusive","customInvoicing":{"code":"{{code}}"} } },
             {"type":"flat_fee","key":"music","name":"Music","billingCadence":"P1M",
              "price":{"type":"flat","amount":"31","paymentTerm":"in_advance"} }]}]}
            """), 201);
        await host.PostAsync("/api/v1/plans/books/publish", new JsonObject(), 200);
    }

    /// <summary>Of the newest invoice.</summary>
    private static async Task<string> LinesAsync(TestHost host)
    {
        var newest = (await host.GetAsync("/api/v1/billing/invoices?expand=lines&order=DESC&orderBy=createdAt"))["items"]![0]!;
        return string.Join(", ", newest["lines"]!.AsArray().Select(line =>
            $"{line!["name"]} {line["totals"]!["total"]} " + (line["taxes"]?[0] is { } tax ? $"{tax["behavior"]} {tax["amount"]}" : "untaxed")));
    }

    private static JsonObject Json(string text) => JsonNode.Parse(text)!.AsObject();
}
