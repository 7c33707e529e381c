using System.Text.Json.Nodes;
using Metering.Invoicing.Tests.Support;
using Metering.Testing;
using Npgsql;
using Xunit;

namespace Metering.Invoicing.Tests.Ledger;

/// <summary>What finance and its auditor read of the books.</summary>
public sealed class LedgerRoutesTests : IAsyncLifetime
{
    private TestHost host = null!;

    public async ValueTask InitializeAsync() => host = await TestHost.StartAsync("2026-01-01T00:00:00Z");

    public async ValueTask DisposeAsync() => await host.DisposeAsync();

    [Fact]
    public async Task Accounts_and_transactions_are_found_by_customer_document_and_time()
    {
        var (invoice, customer) = await TwoMonthsAsync();

        Assert.Equal(
            ["cash_clearing 15 0 15", "receivable 40.1 15 25.1", "revenue 0 40.1 -40.1"],
            Rows(await host.GetAsync($"/api/v1/ledger/accounts?customer={customer}"), "items", "kind", "debit", "credit", "balance"));
        Assert.Equal(
            ["receivable 40.1", "revenue -40.1"],
            Rows(await host.GetAsync($"/api/v1/ledger/accounts?customer=initech&asOf=2026-02-01T00:00:00Z"), "items", "kind", "balance")
                .Where(row => !row.EndsWith(" 0", StringComparison.Ordinal)));
        Assert.Single((await host.GetAsync("/api/v1/ledger/accounts?kind=receivable&currency=USD"))["items"]!.AsArray());

        var posted = await host.GetAsync($"/api/v1/ledger/transactions?documentId={invoice["id"]}");
        Assert.Equal(["payment.received", "invoice.issued"], Rows(posted, "items", "kind"));
        var issued = posted["items"]![1]!;
        Assert.Equal(
            ["receivable 40.1 0", "revenue 0 40.1"],
            issued["entries"]!.AsArray().Select(entry => $"{entry!["kind"]} {entry["debit"]} {entry["credit"]}"));
        Assert.Equal((string?)invoice["lines"]![0]!["id"], (string?)issued["entries"]![1]!["sourceId"]);
        Assert.Equal(
            ["payment.received"],
            Rows(await host.GetAsync("/api/v1/ledger/transactions?customer=initech&from=2026-02-01T00:00:00Z"), "items", "kind"));

        var first = await host.GetAsync("/api/v1/ledger/transactions?limit=1");
        var second = await host.GetAsync($"/api/v1/ledger/transactions?limit=1&cursor={first["nextCursor"]}");
        Assert.Equal("payment.received invoice.issued", $"{Rows(first, "items", "kind").Single()} {Rows(second, "items", "kind").Single()}");
        Assert.Null(second["nextCursor"]);
    }

    [Fact]
    public async Task A_month_is_closed_from_its_opening_to_its_closing_balances_with_totals_that_control_it()
    {
        await TwoMonthsAsync();

        var january = await host.GetAsync("/api/v1/ledger/periods/2026-01");
        Assert.Equal(
            ["receivable 0 40.1 0 40.1", "revenue 0 0 40.1 -40.1"], Rows(january, "accounts", "account", "opening", "debit", "credit", "closing"));
        Assert.Equal(["USD true 1 40.1 0"], Rows(january, "controls", "currency", "balances", "invoicesIssued", "invoiced", "received"));
        Assert.True((bool)january["isOver"]!);

        var february = await host.GetAsync("/api/v1/ledger/periods/2026-02");
        Assert.Equal(
            ["cash_clearing 0 15 0 15", "receivable 40.1 0 15 25.1", "revenue -40.1 0 0 -40.1"],
            Rows(february, "accounts", "account", "opening", "debit", "credit", "closing"));
        Assert.Equal(["USD true 0 0 15"], Rows(february, "controls", "currency", "balances", "invoicesIssued", "invoiced", "received"));

        // As it was reported then.
        var then = await host.GetAsync("/api/v1/ledger/periods/2026-02?postedBefore=2026-02-01T00:00:00Z");
        Assert.Equal([], Rows(then, "controls", "currency"));
    }

    [Fact]
    public async Task The_journal_sums_a_month_by_account_and_cost_centre_and_balances()
    {
        await PartAsync("cc-1", "cost_centre");
        await PartAsync("cc-2", "cost_centre");
        var team = await PartAsync("team", "team");
        await PlaceAsync("cc-1");
        await host.AdvanceToAsync("2026-01-05T00:00:00Z");
        await BillAsync((string)team["id"]!, "10");
        await host.AdvanceToAsync("2026-01-06T00:00:00Z");
        await PlaceAsync("cc-2");
        await host.AdvanceToAsync("2026-01-10T00:00:00Z");
        await BillAsync((string)team["id"]!, "7");
        await BillAsync(await host.CustomerAsync("initech"), "3");

        var csv = await host.Client.GetStringAsync("/api/v1/ledger/periods/2026-01/journal.csv", TestContext.Current.CancellationToken);

        var rows = csv.Split("\r\n", StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal("period,currency,account,billing_profile_id,cost_centre,debit,credit,entries", rows[0]);
        Assert.Equal(
            [
                "USD receivable  3 0 1", "USD receivable cc-1 10 0 1", "USD receivable cc-2 7 0 1",
                "USD revenue  0 3 1", "USD revenue cc-1 0 10 1", "USD revenue cc-2 0 7 1",
            ],
            rows.Skip(1).Select(row => row.Split(',')).Select(field => string.Join(' ', field[1], field[2], field[4], field[5], field[6], field[7])));
        Assert.Equal(
            6, (await host.GetAsync("/api/v1/ledger/periods/2026-01/journal"))["rows"]!.AsArray().Count);

        Task<JsonNode> PartAsync(string key, string level) => host.SendAsync(
            HttpMethod.Post, "/api/v1/customers", $$"""{"key":"{{key}}","name":"{{key}}","kind":"internal","level":"{{level}}"}""", 201);

        Task<JsonNode> PlaceAsync(string parent) =>
            host.SendAsync(HttpMethod.Put, "/api/v1/customers/team/parent", $$"""{"parent":"{{parent}}"}""", 200);
    }

    [Fact]
    public async Task What_is_owed_is_aged_by_how_long_it_has_been_so()
    {
        await BillAsync(await host.CustomerAsync("initech"), "40");
        await host.AdvanceToAsync("2026-02-15T00:00:00Z");
        await BillAsync(await host.CustomerAsync("globex"), "5");

        var ageing = await host.GetAsync("/api/v1/ledger/ageing");

        Assert.Equal(
            ["receivable USD 2 5 40 0 0"],
            Rows(ageing, "accounts", "account", "currency", "items", "upTo30Days", "upTo60Days", "upTo90Days", "older"));
        Assert.Equal(0, (int)ageing["unratedUsage"]!["periods"]!);
    }

    [Fact]
    public async Task The_invariants_hold_and_say_what_does_not()
    {
        await TwoMonthsAsync();
        var answer = await host.GetAsync("/api/v1/ledger/invariants");
        Assert.True((bool)answer["holds"]!);
        Assert.True(answer["invariants"]!.AsArray().Count >= 12);

        await TamperAsync("amount + 1");
        answer = await host.GetAsync("/api/v1/ledger/invariants");
        Assert.False((bool)answer["holds"]!);
        Assert.Equal(
            ["trial_balance", "balances", "transactions", "invoices", "receivables"],
            answer["invariants"]!.AsArray().Where(one => !(bool)one!["holds"]!).Select(one => (string)one!["name"]!));
        Assert.Equal("USD 0 1", Rows(answer["invariants"]![0]!, "violations", "subject", "expected", "actual").Single());
        await TamperAsync("amount - 1");
    }

    [Fact]
    public async Task The_head_of_the_chain_is_exported()
    {
        await TwoMonthsAsync();

        // What other databases of the server are about can hold a seal back for a moment.
        JsonNode chain;
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        do
        {
            await host.AdvanceToAsync("2026-03-01T00:00:00Z");
            chain = await host.GetAsync("/api/v1/ledger/chain");
            limit.Token.ThrowIfCancellationRequested();
        }
        while ((int)chain["unsealed"]! > 0);

        Assert.Matches("^[0-9]+:[0-9a-f]{64}$", (string?)chain["head"] ?? "");
        Assert.NotNull(chain["sealedAt"]);
    }

    [Theory]
    [InlineData("accounts?kind=gold", 400, "?kind")]
    [InlineData("accounts?asOf=yesterday", 400, "?asOf")]
    [InlineData("accounts?customer=nobody", 404, null)]
    [InlineData("transactions?documentId=x", 400, "?documentId")]
    [InlineData("transactions?from=x", 400, "?from")]
    [InlineData("transactions?cursor=x", 400, "?cursor")]
    [InlineData("ageing?asOf=x", 400, "?asOf")]
    [InlineData("periods/2026-13", 400, "/period")]
    [InlineData("periods/january/journal", 400, "/period")]
    [InlineData("periods/2026-01/journal.csv?postedBefore=x", 400, "?postedBefore")]
    public async Task Questions_that_make_no_sense_are_refused(string path, int status, string? pointer)
    {
        var problem = await host.GetAsync($"/api/v1/ledger/{path}", status);

        Assert.Equal(pointer, (string?)problem["errors"]?[0]?["pointer"]);
    }

    private async Task<(JsonNode Invoice, string CustomerId)> TwoMonthsAsync()
    {
        await host.AdvanceToAsync("2026-01-20T00:00:00Z");
        var customer = await host.CustomerAsync("initech");
        var invoice = await BillAsync(customer, "40.10");
        await host.AdvanceToAsync("2026-02-03T00:00:00Z");
        await host.ActAsync(invoice, "payments", body: """{"amount":"15"}""");
        return (invoice, customer);
    }

    /// <summary>A fee that was served before it is billed.</summary>
    private async Task<JsonNode> BillAsync(string customerId, string amount)
    {
        var fee = Shop.Fee("Fee", amount, "2026-01-01T00:00:00Z").Replace("2026-02-01", "2026-01-02", StringComparison.Ordinal);
        await host.PendingAsync(customerId, fee);
        return await host.ActAsync((await host.InvoiceNowAsync(customerId))[0]!, "advance");
    }

    private async Task TamperAsync(string amount)
    {
        await using var source = NpgsqlDataSource.Create(host.ConnectionString);
        await using var change = source.CreateCommand($"""
            set session_replication_role = replica;
            update invoicing.ledger_entry set amount = {amount}
            where (transaction_id, position) in (
                select e.transaction_id, e.position from invoicing.ledger_entry e
                join invoicing.ledger_account a on a.id = e.account_id
                join invoicing.ledger_transaction t on t.id = e.transaction_id
                where t.kind = 'invoice.issued' and a.kind = 'receivable');
            """);
        await change.ExecuteNonQueryAsync();
    }

    private static string[] Rows(JsonNode answer, string list, params string[] fields) =>
        [.. answer[list]!.AsArray().Select(row => string.Join(' ', fields.Select(field => $"{row![field]}")))];
}
