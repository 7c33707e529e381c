using System.Text.Json.Nodes;
using Metering.Invoicing.Tests.Support;
using Metering.Testing;
using Npgsql;
using Xunit;

namespace Metering.Invoicing.Tests.Credits;

public sealed class CreditStoryTests
{
    [Fact]
    public async Task Credit_pays_an_invoice_before_tax_grant_by_grant_and_comes_back_when_it_is_voided()
    {
        await using var host = await ShopAsync(
            """
            {"collection":{"interval":"PT0S"},"payment":{"collectionMethod":"send_invoice"},
             "invoicing":{"dueAfter":"P14D","defaultTaxConfig":{"behavior":"exclusive","taxCodeId":"vat"}}}
            """);
        var id = await host.CustomerAsync("initech");
        var welcome = await host.GrantAsync(id, "Welcome", "30.00", """ "funding_method":"none" """);
        var prepaid = await host.GrantAsync(
            id, "Prepaid", "50.00", """ "funding_method":"external","purchase":{"currency":"USD","per_unit_cost_basis":"0.8"} """);
        Assert.Equal("40", (string?)prepaid["purchase"]!["amount"]);
        Assert.Equal("80", await host.SettledAsync(id));

        await host.PendingAsync(id, Shop.Fee("Setup", "60", "2026-01-01T00:00:00Z"), Shop.Fee("Training", "40", "2026-01-01T00:00:00Z"));
        await host.AdvanceToAsync("2026-01-01T00:00:01Z");
        var invoice = await host.GetAsync("/api/v1/billing/invoices/INV-2026-000001");
        Assert.Equal(("100", "80", "3.8", "23.8"), Totals(invoice));
        Assert.Equal(["Welcome 30, Prepaid 30", "Prepaid 20"], Paid(invoice));
        Assert.Equal("0", await host.SettledAsync(id));
        var page = await host.Client.GetStringAsync($"/api/v1/billing/invoices/{invoice["id"]}/html");
        Assert.Contains("Prepaid credit", page, StringComparison.Ordinal);

        // The document stays as it is; what it took comes back to the grants it came from, and pays the document that bills the lines again.
        await host.ActAsync(invoice, "void", 200, """{"reason":"Wrong address","action":{"percentage":100,"action":{"type":"pending"}}}""");
        Assert.Equal(("100", "80", "3.8", "23.8"), Totals(await host.AgainAsync(invoice)));
        Assert.Equal("80", await host.SettledAsync(id));
        await host.AdvanceToAsync("2026-01-01T00:00:02Z");
        Assert.Equal(("100", "80", "3.8", "23.8"), Totals(await host.GetAsync("/api/v1/billing/invoices/INV-2026-000002")));

        Assert.Equal(
            """
            consumed -20 20>0
            consumed -30 50>20
            consumed -30 80>50
            consumed 20 60>80
            consumed 30 30>60
            consumed 30 0>30
            consumed -20 20>0
            consumed -30 50>20
            consumed -30 80>50
            funded 50 30>80
            funded 30 0>30
            """.ReplaceLineEndings("\n"),
            await host.MovementsAsync(id));
        Assert.Equal("0", (string?)(await host.GrantOfAsync(id, welcome))["remaining"]);
    }

    [Fact]
    public async Task What_credit_pays_in_full_is_paid_at_once_and_what_is_left_stays()
    {
        await using var host = await ShopAsync(ProfileSetup.AtOnce);
        var id = await host.CustomerAsync("initech");
        await host.GrantAsync(id, "Prepaid", "100", """ "funding_method":"external" """);
        await host.PendingAsync(id, Shop.Fee("Setup", "60", "2026-01-01T00:00:00Z"));

        // What is on its way is told apart from what is booked.
        Assert.Equal(("40", "100", "0"), await host.BalanceAsync(id));
        await host.AdvanceToAsync("2026-01-01T00:00:01Z");
        var invoice = await host.GetAsync("/api/v1/billing/invoices/INV-2026-000001");
        Assert.Equal("paid", Shop.Status(invoice));
        Assert.Equal(("60", "60", "0", "0"), Totals(invoice));
        Assert.Equal(("40", "40", "0"), await host.BalanceAsync(id));
        var page = await host.Client.GetStringAsync($"/api/v1/billing/invoices/{invoice["id"]}/html");
        Assert.Contains("nothing is left to pay", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Credit_begins_and_expires_when_its_time_comes_also_over_an_outage()
    {
        await using var host = await ShopAsync(ProfileSetup.AtOnce);
        var id = await host.CustomerAsync("initech");
        var spring = await host.GrantAsync(
            id, "Spring", "20", """ "funding_method":"none","effective_at":"2026-02-01T00:00:00Z","expires_after":"P1M" """);
        Assert.Equal(("pending", "2026-03-01T00:00:00Z"), ((string?)spring["status"], (string?)spring["expires_at"]));
        Assert.Equal(("0", "0", "20"), await host.BalanceAsync(id));
        await host.AdvanceToAsync("2026-02-10T00:00:00Z");
        Assert.Equal(("20", "20", "0"), await host.BalanceAsync(id));
        Assert.Equal("active", (string?)(await host.GrantOfAsync(id, spring))["status"]);
        await host.AdvanceToAsync("2026-03-05T00:00:00Z");
        Assert.Equal("expired", (string?)(await host.GrantOfAsync(id, spring))["status"]);
        Assert.Equal(("0", "0", "0"), await host.BalanceAsync(id));
        Assert.Equal("expired -20 20>0\nfunded 20 0>20", await host.MovementsAsync(id));
        foreach (var (at, settled, pending) in new[] { ("01-15", "0", "20"), ("02-01", "20", "0"), ("02-28", "20", "0"), ("03-01", "0", "0") })
        {
            Assert.Equal(("0", settled, pending), await host.BalanceAsync(id, $"?timestamp=2026-{at}T00:00:00Z"));
        }
    }

    [Fact]
    public async Task Voiding_forfeits_what_is_left_and_what_comes_back_later_is_lost_with_it()
    {
        await using var host = await ShopAsync(ProfileSetup.AtOnce);
        var id = await host.CustomerAsync("initech");
        var grant = await host.GrantAsync(id, "Prepaid", "100", """ "funding_method":"external" """);
        await host.PendingAsync(id, Shop.Fee("Setup", "60", "2026-01-01T00:00:00Z"), Shop.Fee("Training", "80", "2026-01-20T00:00:00Z"));
        await host.AdvanceToAsync("2026-01-02T00:00:00Z");
        var path = $"/api/v3/openmeter/customers/{id}/credits/grants/{grant["id"]}/void";
        var voided = await host.SendAsync(HttpMethod.Post, path, "", 200);
        Assert.Equal(("voided", "0"), ((string?)voided["status"], (string?)voided["remaining"]));

        // Asked again it answers the same; what it paid stays paid.
        Assert.Equal((string?)voided["voided_at"], (string?)(await host.SendAsync(HttpMethod.Post, path, "{}", 200))["voided_at"]);
        Assert.Equal("paid", Shop.Status(await host.GetAsync("/api/v1/billing/invoices/INV-2026-000001")));
        await host.AdvanceToAsync("2026-01-20T00:00:01Z");
        Assert.Equal("80", Shop.Total(await host.GetAsync("/api/v1/billing/invoices/INV-2026-000002")));
        Assert.Equal("voided -40 40>0\nconsumed -60 100>40\nfunded 100 0>100", await host.MovementsAsync(id));
    }

    [Fact]
    public async Task Credit_that_is_bought_by_invoice_is_charged_and_never_pays_for_itself()
    {
        await using var host = await ShopAsync(ProfileSetup.AtOnce);
        var id = await host.CustomerAsync("initech");
        var grant = await host.GrantAsync(
            id, "Top-up", "200", """ "funding_method":"invoice","purchase":{"currency":"USD","per_unit_cost_basis":"0.9"} """);
        Assert.Equal(("pending", "180"), ((string?)grant["purchase"]!["settlement_status"], (string?)grant["purchase"]!["amount"]));
        await host.AdvanceToAsync("2026-01-01T00:00:01Z");
        var invoice = await host.GetAsync("/api/v1/billing/invoices/INV-2026-000001");
        Assert.Equal(("180", "0", "0", "180"), Totals(invoice));
        Assert.Equal("200", await host.SettledAsync(id));
        await host.ActAsync(invoice, "payments", 200, "{}");
        var paid = await host.GrantOfAsync(id, grant);
        Assert.Equal("settled", (string?)paid["purchase"]!["settlement_status"]);
        Assert.Equal((string?)invoice["id"], (string?)paid["invoice"]!["id"]);
        Assert.Equal((string?)invoice["lines"]![0]!["id"], (string?)paid["invoice"]!["line"]!["id"]);
    }

    [Fact]
    public async Task Credit_for_a_feature_pays_for_nothing_else()
    {
        await using var host = await ShopAsync(ProfileSetup.AtOnce);
        await host.PublishSampleTiersAsync();
        await host.SignUpAsync("initech", "pro");
        var id = await host.CustomerIdAsync("initech");
        await host.GrantAsync(id, "Tokens only", "10", """ "funding_method":"none","filters":{"features":["tokens"]} """);
        await host.AdvanceToAsync("2026-01-01T00:00:01Z");
        await host.UseTokensAsync("initech", "1", "2026-01-10T12:00:00Z", 3_000_000);
        Assert.Equal(("5", "10", "0"), await host.BalanceAsync(id));
        Assert.Equal(("0", "0", "0"), await host.BalanceAsync(id, "?filter[feature_key][exists]=false"));
        await host.AdvanceToAsync("2026-02-01T00:00:01Z");
        var invoice = await host.GetAsync("/api/v1/billing/invoices/INV-2026-000002");
        Assert.Equal(("54", "5", "0", "49"), Totals(invoice));
        Assert.Equal(["", "Tokens only 5"], Paid(invoice));
        Assert.Equal(("5", "5", "0"), await host.BalanceAsync(id, "?filter[feature_key]=tokens"));
    }

    [Fact]
    public async Task A_draft_shows_what_credit_would_pay_and_takes_it_when_it_is_issued()
    {
        await using var host = await ShopAsync(
            """
            {"collection":{"interval":"PT0S"},"invoicing":{"autoAdvance":false,"dueAfter":"P14D"},"payment":{"collectionMethod":"send_invoice"}}
            """);
        var id = await host.CustomerAsync("initech");
        await host.GrantAsync(id, "Prepaid", "50", """ "funding_method":"external" """);
        await host.PendingAsync(id, Shop.Fee("Setup", "60", "2026-01-01T00:00:00Z"));
        await host.AdvanceToAsync("2026-01-01T00:00:01Z");
        await host.PendingAsync(id, Shop.Fee("Training", "40", "2026-01-01T00:00:02Z"));
        await host.AdvanceToAsync("2026-01-01T00:00:02Z");
        var listed = await host.GetAsync($"/api/v1/billing/invoices?customers={id}&statuses=draft&expand=lines&orderBy=createdAt");
        var drafts = listed["items"]!.AsArray();
        Assert.Equal([("60", "50", "0", "10"), ("40", "40", "0", "0")], drafts.Select(draft => Totals(draft!)));
        Assert.Equal("50", await host.SettledAsync(id));

        // Both show the same credit; it is there once.
        Assert.Equal(("60", "50", "0", "10"), Totals(await host.ActAsync(drafts[0]!, "approve")));
        Assert.Equal(("40", "0", "0", "40"), Totals(await host.ActAsync(drafts[1]!, "approve")));
    }

    [Fact]
    public async Task Grants_and_movements_are_listed_page_by_page_and_filtered()
    {
        await using var host = await ShopAsync(ProfileSetup.AtOnce);
        var id = await host.CustomerAsync("initech");
        foreach (var i in Enumerable.Range(1, 5))
        {
            await host.GrantAsync(id, $"Grant {i}", $"{i}", $""" "funding_method":"none","key":"k{i}" """);
        }

        var root = $"/api/v3/openmeter/customers/{id}/credits";
        var grants = await host.GetAsync($"{root}/grants?page[size]=2&page[number]=2");
        Assert.Equal(["Grant 3", "Grant 4"], grants["data"]!.AsArray().Select(grant => (string)grant!["name"]!));
        Assert.Equal("""{"number":2,"size":2,"total":5}""", grants["meta"]!["page"]!.ToJsonString());
        Assert.Equal("Grant 4", (string?)Assert.Single((await host.GetAsync($"{root}/grants?filter[key]=k4"))["data"]!.AsArray())!["name"]);
        Assert.Empty((await host.GetAsync($"{root}/grants?filter[status]=voided"))["data"]!.AsArray());

        var names = new List<string>();
        var next = $"{root}/transactions?page[size]=2";
        JsonNode? page = null;
        while (next is not null)
        {
            page = await host.GetAsync(next);
            names.AddRange(page["data"]!.AsArray().Select(one => (string)one!["name"]!));
            next = (string?)page["meta"]!["page"]!["next"];
        }

        Assert.Equal(["Grant 5", "Grant 4", "Grant 3", "Grant 2", "Grant 1"], names);
        var back = await host.GetAsync((string)page!["meta"]!["page"]!["previous"]!);
        Assert.Equal(["Grant 3", "Grant 2"], back["data"]!.AsArray().Select(one => (string)one!["name"]!));
    }

    [Fact]
    public async Task Movements_do_not_change_and_what_is_left_is_their_sum()
    {
        await using var host = await ShopAsync(ProfileSetup.AtOnce);
        var id = await host.CustomerAsync("initech");
        await host.GrantAsync(id, "Prepaid", "50", """ "funding_method":"external" """);
        await using var connection = new NpgsqlConnection(host.ConnectionString);
        await connection.OpenAsync();
        foreach (var sql in new[]
        {
            "update invoicing.credit_transaction set amount_minor = 1", "delete from invoicing.credit_transaction",
            "truncate invoicing.credit_transaction", "update invoicing.credit_grant set remaining_minor = 1",
        })
        {
            await using var command = new NpgsqlCommand(sql, connection);
            await Assert.ThrowsAsync<PostgresException>(() => command.ExecuteNonQueryAsync());
        }
    }

    [Theory]
    [InlineData("""{"name":"A","funding_method":"none","currency":"USD","amount":"0"}""", "/amount", "out_of_range")]
    [InlineData("""{"name":"A","funding_method":"none","currency":"USD","amount":"1.001"}""", "/amount", "out_of_range")]
    [InlineData("""{"name":"A","funding_method":"none","currency":"JPY","amount":"1.5"}""", "/amount", "out_of_range")]
    [InlineData("""{"name":"A","funding_method":"none","currency":"XXY","amount":"1"}""", "/currency", "unknown_currency")]
    [InlineData("""{"name":"","funding_method":"none","currency":"USD","amount":"1"}""", "/name", "out_of_range")]
    [InlineData("""{"name":"A","funding_method":"gift","currency":"USD","amount":"1"}""", "/funding_method", "unknown_method")]
    [InlineData("""{"name":"A","funding_method":"none","currency":"USD","amount":"1","priority":0}""", "/priority", "out_of_range")]
    [InlineData("""{"name":"A","funding_method":"none","currency":"USD","amount":"1","expires_after":"P0D"}""", "/expires_after", "invalid_duration")]
    [InlineData(
        """{"name":"A","funding_method":"none","currency":"USD","amount":"1","filters":{"features":["ghost"]}}""", "/filters/features/0",
        "unknown_feature")]
    [InlineData("""{"name":"A","funding_method":"none","currency":"USD","amount":"1","purchase":{"currency":"USD"}}""", "/purchase", "not_allowed")]
    [InlineData(
        """{"name":"A","funding_method":"external","currency":"USD","amount":"1","purchase":{"currency":"EUR"}}""", "/purchase/currency",
        "other_currency")]
    [InlineData(
        """{"name":"A","funding_method":"external","currency":"USD","amount":"1","purchase":{"currency":"USD","per_unit_cost_basis":"0.001"}}""",
        "/purchase/per_unit_cost_basis", "out_of_range")]
    [InlineData(
        """{"name":"A","funding_method":"external","currency":"USD","amount":"1","tax_config":{"tax_code":{"id":"ghost"}}}""",
        "/tax_config/tax_code/id", "unknown_tax_code")]
    public async Task What_is_wrong_with_a_grant_is_told_by_field(string body, string pointer, string code)
    {
        await using var host = await ShopAsync(ProfileSetup.AtOnce);
        var id = await host.CustomerAsync("initech");
        var problem = await host.SendAsync(HttpMethod.Post, $"/api/v3/openmeter/customers/{id}/credits/grants", body, 400);
        var error = Assert.Single(problem["errors"]!.AsArray())!;
        Assert.Equal((pointer, code), ((string?)error["pointer"], (string?)error["code"]));
    }

    [Fact]
    public async Task What_can_not_be_done_with_a_grant_is_told()
    {
        await using var host = await ShopAsync(ProfileSetup.AtOnce);
        var id = await host.CustomerAsync("initech");
        var root = $"/api/v3/openmeter/customers/{id}/credits";
        var grant = await host.GrantAsync(id, "A", "1", """ "funding_method":"none","key":"one" """);
        const string Again = """{"name":"B","funding_method":"none","currency":"USD","amount":"1","key":"one"}""";
        await host.SendAsync(HttpMethod.Post, $"{root}/grants", Again, 409);
        await host.SendAsync(HttpMethod.Post, "/api/v3/openmeter/customers/nobody/credits/grants", Again, 404);
        await host.SendAsync(HttpMethod.Get, $"{root}/grants/01HZZZZZZZZZZZZZZZZZZZZZZZ", "", 404);
        await host.SendAsync(HttpMethod.Post, $"{root}/grants/{grant["id"]}/settlement/external", """{"status":"settled"}""", 400);
        await host.SendAsync(HttpMethod.Post, $"{root}/grants/{grant["id"]}/void", """{"payment_adjustment":"refund"}""", 400);
        var later = await host.GrantAsync(id, "C", "1", """ "funding_method":"external","effective_at":"2026-06-01T00:00:00Z" """);
        await host.SendAsync(HttpMethod.Post, $"{root}/grants/{later["id"]}/void", "", 409);
        var settled = await host.SendAsync(HttpMethod.Post, $"{root}/grants/{later["id"]}/settlement/external", """{"status":"settled"}""", 200);
        Assert.Equal("settled", (string?)settled["purchase"]!["settlement_status"]);
        await host.SendAsync(HttpMethod.Get, $"{root}/balance?timestamp=2027-01-01T00:00:00Z", "", 400);
        await host.SendAsync(HttpMethod.Get, $"{root}/transactions?page[after]=x", "", 400);
        await host.SendAsync(HttpMethod.Get, $"{root}/transactions?filter[type]=lost", "", 400);
        await host.SendAsync(HttpMethod.Get, $"{root}/grants?page[size]=1000", "", 400);
    }

    private static async Task<TestHost> ShopAsync(string workflow)
    {
        var host = await TestHost.StartAsync("2026-01-01T00:00:00Z");
        await host.SendAsync(HttpMethod.Post, "/api/v1/billing/tax-codes", """{"key":"vat","name":"VAT","percent":19}""", 201);
        await host.PutProfileAsync(ProfileSetup.Seller, workflow);
        return host;
    }

    private static (string?, string?, string?, string?) Totals(JsonNode invoice)
    {
        var totals = invoice["totals"]!;
        return ((string?)totals["amount"], (string?)totals["creditsTotal"], (string?)totals["taxesTotal"], (string?)totals["total"]);
    }

    private static IEnumerable<string> Paid(JsonNode invoice) => invoice["lines"]!.AsArray().Select(line => string.Join(
        ", ", line!["creditAllocations"]?.AsArray().Select(credit => $"{credit!["description"]} {credit["amount"]}") ?? []));
}
