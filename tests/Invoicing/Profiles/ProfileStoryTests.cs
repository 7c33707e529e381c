using System.Text.Json.Nodes;
using Metering.Invoicing.Tests.Support;
using Metering.Testing;
using Xunit;

namespace Metering.Invoicing.Tests.Profiles;

public sealed class ProfileStoryTests
{
    [Fact]
    public async Task A_customer_with_a_profile_of_its_own_is_billed_by_it_and_numbered_by_its_seller()
    {
        await using var host = await TestHost.StartAsync("2026-01-01T00:00:00Z");
        await host.PutProfileAsync("""{"name":"Summit Ltd"}""");
        await host.PublishSampleTiersAsync();
        await host.SignUpAsync("initech", "pro");
        await host.SignUpAsync("globex", "pro");
        var profile = await host.PinAsync(await host.CustomerIdAsync("globex"), ProfileSetup.AtOnce, """{"name":"Summit Inc"}""");
        Assert.Equal("INV2", (string?)profile["numberSeries"]);
        await host.AdvanceToAsync("2026-02-01T00:00:00Z");

        var all = (await host.GetAsync("/api/v1/billing/invoices"))["items"]!.AsArray();
        Assert.Equal(
            ["INV-2026-000001 Summit Ltd", "INV-2026-000002 Summit Ltd", "INV2-2026-000001 Summit Inc", "INV2-2026-000002 Summit Inc"],
            all.Select(invoice => $"{invoice!["number"]} {invoice["supplier"]!["name"]}").Order(StringComparer.Ordinal));
        var own = all.First(one => (string?)one!["supplier"]!["name"] == "Summit Inc")!;
        Assert.Equal((string?)profile["id"], (string?)own["workflow"]!["sourceBillingProfileId"]);

        // Back to the default: the next one is numbered by the other seller.
        var id = await host.CustomerIdAsync("globex");
        await host.SendAsync(HttpMethod.Delete, $"/api/v1/billing/profiles/{profile["id"]}", "", 400);
        await host.SendAsync(HttpMethod.Delete, $"/api/v1/billing/customers/{id}", "", 204);
        await host.SendAsync(HttpMethod.Delete, $"/api/v1/billing/profiles/{profile["id"]}", "", 204);
        await host.AdvanceToAsync("2026-03-01T00:00:00Z");
        Assert.Equal("INV-2026", ((string)(await host.GetAsync($"/api/v1/billing/invoices?customers={id}"))["items"]![0]!["number"]!)[..8]);
    }

    [Fact]
    public async Task One_seller_has_one_run_of_numbers_over_all_its_profiles()
    {
        await using var host = await TestHost.StartAsync("2026-01-01T00:00:00Z");
        await host.PutProfileAsync("""{"name":"Summit Ltd","taxId":{"code":"GB1"}}""");
        await host.PublishSampleTiersAsync();
        await host.SignUpAsync("initech", "pro");
        await host.SignUpAsync("globex", "pro");
        await host.PinAsync(await host.CustomerIdAsync("globex"), ProfileSetup.AtOnce, """{"name":"Summit Ltd","taxId":{"code":"GB1"}}""");
        await host.AdvanceToAsync("2026-02-01T00:00:00Z");
        var numbers = (await host.GetAsync("/api/v1/billing/invoices"))["items"]!.AsArray().Select(invoice => (string)invoice!["number"]!).Order();
        Assert.Equal(Enumerable.Range(1, 4).Select(i => $"INV-2026-00000{i}"), numbers);
    }

    [Fact]
    public async Task The_default_moves_to_another_profile_and_there_is_always_one()
    {
        await using var host = await TestHost.StartAsync();
        var app = (string)(await host.GetAsync("/api/v1/billing/profiles/default"))["apps"]!["tax"]!["id"]!;
        var other = await host.SendAsync(HttpMethod.Post, "/api/v1/billing/profiles", $$$$"""
            {"name":"Other","default":true,"supplier":{"name":"Other Ltd"},"workflow":{},
             "apps":{"tax":"{{{{app}}}}","invoicing":"{{{{app}}}}","payment":"{{{{app}}}}"}}
            """, 201);
        Assert.Equal((string?)other["id"], (string?)(await host.GetAsync("/api/v1/billing/profiles/default"))["id"]);
        Assert.Equal(("PT1H", "P30D", "charge_automatically"), (
            (string?)other["workflow"]!["collection"]!["interval"], (string?)other["workflow"]!["invoicing"]!["dueAfter"],
            (string?)other["workflow"]!["payment"]!["collectionMethod"]));
        var profiles = (await host.GetAsync("/api/v1/billing/profiles?expand=apps&orderBy=default&order=DESC"))["items"]!.AsArray();
        Assert.Equal([true, false], profiles.Select(profile => (bool)profile!["default"]!));
        Assert.Equal("sandbox", (string?)profiles[0]!["apps"]!["invoicing"]!["type"]);
        await host.SendAsync(HttpMethod.Delete, $"/api/v1/billing/profiles/{other["id"]}", "", 400);
        await host.SendAsync(
            HttpMethod.Put, $"/api/v1/billing/profiles/{other["id"]}",
            """{"name":"Other","default":false,"supplier":{"name":"Other Ltd"},"workflow":{}}""", 400);
    }

    [Fact]
    public async Task Overrides_are_listed_by_who_chose_and_by_profile()
    {
        await using var host = await TestHost.StartAsync();
        var first = await host.CustomerAsync("alpha");
        await host.CustomerAsync("beta");
        var third = await host.CustomerAsync("gamma");
        var own = (string)(await host.PinAsync(first, ProfileSetup.AtOnce))["id"]!;
        await host.SendAsync(HttpMethod.Put, $"/api/v1/billing/customers/{third}", "{}", 200);
        var standard = (string)(await host.GetAsync("/api/v1/billing/profiles/default"))["id"]!;
        foreach (var (query, expected) in new[]
        {
            ("", "alpha beta gamma"),
            ("?includeAllCustomers=false", "alpha gamma"),
            ("?customersWithoutPinnedProfile=true", "beta gamma"),
            ($"?billingProfile={own}", "alpha"),
            ($"?billingProfile={standard}", "beta gamma"),
            ($"?billingProfile={standard}&includeAllCustomers=false", "gamma"),
            ($"?customerId={third}&customerId={first}", "alpha gamma"),
            ("?customerName=BETA", "beta"),
            ("?customerKey=amm", "gamma"),
            ("?orderBy=customerName&order=DESC&page=1&pageSize=2", "gamma beta"),
        })
        {
            var order = query.Contains("orderBy", StringComparison.Ordinal) ? "" : "&orderBy=customerName";
            var page = await host.GetAsync($"/api/v1/billing/customers{query}{(query.Length == 0 ? "?" : "&")}expand=customer{order}");
            Assert.Equal(expected, string.Join(' ', page["items"]!.AsArray().Select(item => (string)item!["customer"]!["key"]!)));
        }
    }

    [Fact]
    public async Task Tax_is_added_or_held_by_the_price_and_recalculated_when_its_rate_changes()
    {
        await using var host = await TestHost.StartAsync("2026-01-01T00:00:00Z");
        await TaxCodeAsync(host, "standard", "VAT", 19);
        await TaxCodeAsync(host, "reduced", "Reduced VAT", 7);
        await host.PutProfileAsync("""{"name":"Summit GmbH","taxId":{"code":"DE1"}}""", """
            {"collection":{"interval":"PT0S"},"payment":{"collectionMethod":"send_invoice"},
             "invoicing":{"autoAdvance":false,"dueAfter":"P14D","defaultTaxConfig":{"behavior":"exclusive","customInvoicing":{"code":"standard"}}}}
            """);
        var id = await host.CustomerAsync("initech");
        await host.PendingAsync(
            id, Shop.Fee("Platform", "100", "2026-01-01T00:00:00Z"),
            Shop.Fee("Support", "10.70", "2026-01-01T00:00:00Z"),
            Tax(Shop.Fee("Handbook", "10.70", "2026-01-01T00:00:00Z"), """{"behavior":"inclusive","customInvoicing":{"code":"reduced"}}"""));
        var draft = (await host.InvoiceNowAsync(id))[0]!;
        Assert.Equal(("142.43", "0.7", "21.03", "21.73"), Totals(draft));
        Assert.Equal(["19", "2.03", "0.7"], draft["lines"]!.AsArray().Select(line => (string)line!["taxes"]![0]!["amount"]!));
        Assert.Equal(["119", "12.73", "10.7"], draft["lines"]!.AsArray().Select(line => Shop.Total(line!)));

        await host.SendAsync(HttpMethod.Put, "/api/v1/billing/tax-codes/standard", """{"key":"standard","name":"VAT","percent":20}""", 200);
        Assert.Equal(("142.43", "0.7", "21.03", "21.73"), Totals(await host.AgainAsync(draft)));
        draft = await host.ActAsync(draft, "taxes/recalculate");
        Assert.Equal(("143.54", "0.7", "22.14", "22.84"), Totals(draft));

        await host.SendAsync(HttpMethod.Delete, "/api/v1/billing/tax-codes/reduced", "", 204);
        draft = await host.ActAsync(draft, "taxes/recalculate");
        Assert.Equal(("draft.invalid", "unknown_tax_code"), (Shop.Status(draft), (string?)draft["validationIssues"]![0]!["code"]));
        Assert.Equal("$.lines[2].rateCard.taxConfig", (string?)draft["validationIssues"]![0]!["field"]);
        await TaxCodeAsync(host, "reduced", "Reduced VAT", 7);
        draft = await host.ActAsync(draft, "retry");
        var issued = await host.ActAsync(draft, "approve");
        var page = await host.Client.GetStringAsync($"/api/v1/billing/invoices/{issued["id"]}/html");
        Assert.Contains("<small>20 % on 110.70</small>", page, StringComparison.Ordinal);
        Assert.Contains("Includes Reduced VAT", page, StringComparison.Ordinal);
        await host.ActAsync(issued, "taxes/recalculate", 400);
    }

    [Fact]
    public async Task Where_tax_is_enforced_a_draft_without_it_is_not_issued()
    {
        await using var host = await TestHost.StartAsync("2026-01-01T00:00:00Z");
        await host.PutProfileAsync("""{"name":"Summit"}""", """{"collection":{"interval":"PT0S"},"tax":{"enabled":true,"enforced":true}}""");
        await host.PublishSampleTiersAsync();
        await host.SignUpAsync("initech", "pro");
        await host.AdvanceToAsync("2026-01-01T00:00:00Z");
        var id = await host.CustomerIdAsync("initech");
        var draft = (await host.GetAsync($"/api/v1/billing/invoices?customers={id}&statuses=draft"))["items"]![0]!;
        Assert.Equal(("draft.invalid", "tax_required", true), (
            Shop.Status(draft), (string?)draft["validationIssues"]![0]!["code"], (bool)draft["statusDetails"]!["failed"]!));

        // Mended on the draft; what is due by itself then goes on without anybody.
        var body = JsonNode.Parse(
            """{"supplier":{},"customer":{},"lines":[],"workflow":{"workflow":{"invoicing":{},"payment":{"collectionMethod":"send_invoice"}}}}""")!;
        var full = await host.AgainAsync(draft);
        await TaxCodeAsync(host, "none", "No tax", 0);
        body["lines"] = new JsonArray([.. full["lines"]!.AsArray().Select(line => (JsonNode)new JsonObject
        {
            ["id"] = (string)line!["id"]!, ["name"] = (string)line["name"]!, ["period"] = line["period"]!.DeepClone(),
            ["invoiceAt"] = (string)line["invoiceAt"]!, ["rateCard"] = WithTax(line["rateCard"]!),
        })]);
        var mended = await host.SendAsync(HttpMethod.Put, $"/api/v1/billing/invoices/{draft["id"]}", body.ToJsonString(), 200);
        Assert.Equal("issued", Shop.Status(mended));

        static JsonNode WithTax(JsonNode rateCard)
        {
            var card = rateCard.DeepClone();
            card["taxConfig"] = JsonNode.Parse("""{"customInvoicing":{"code":"none"}}""");
            return card;
        }
    }

    private static (string Total, string Inclusive, string Exclusive, string All) Totals(JsonNode invoice) => (
        Shop.Total(invoice), (string)invoice["totals"]!["taxesInclusiveTotal"]!, (string)invoice["totals"]!["taxesExclusiveTotal"]!,
        (string)invoice["totals"]!["taxesTotal"]!);

    private static string Tax(string line, string config)
    {
        var node = JsonNode.Parse(line)!;
        node["rateCard"]!["taxConfig"] = JsonNode.Parse(config);
        return node.ToJsonString();
    }

    private static Task<JsonNode> TaxCodeAsync(TestHost host, string key, string name, int percent) => host.SendAsync(
        HttpMethod.Post, "/api/v1/billing/tax-codes", $$"""{"key":"{{key}}","name":"{{name}}","percent":{{percent}}}""", 201);
}
