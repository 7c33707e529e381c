using Metering.Invoicing.Ledger;
using Metering.Invoicing.Tests.Support;
using Metering.Platform.Database;
using Metering.Testing;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Xunit;

namespace Metering.Invoicing.Tests.Ledger;

/// <summary>What documents and payments come to in the books, told through HTTP. Each story ends with every invariant proven.</summary>
public sealed class InvoiceBooksTests
{
    private const string Approved =
        """{"collection":{"interval":"P1D"},"invoicing":{"autoAdvance":false,"dueAfter":"P14D"},"payment":{"collectionMethod":"send_invoice"}}""";

    private const string Discarded =
        """{"reason":"Wrong price","action":{"percentage":100,"action":{"type":"discard"}},"overrides":null}""";

    private const string Pending =
        """{"reason":"Wrong price","action":{"percentage":100,"action":{"type":"pending"}},"overrides":null}""";

    [Fact]
    public async Task An_invoice_is_owed_when_it_is_issued_and_paid_by_what_comes_in()
    {
        await using var host = await TestHost.StartAsync();
        var invoice = await OneOffAsync(host, "40.10");
        await host.ActAsync(invoice, "payments", body: """{"amount":"15.05"}""");
        Assert.Equal("cash_clearing 15.05, receivable 25.05, revenue -40.1", await BalancesAsync(host));
        await host.ActAsync(invoice, "payments", body: "{}");

        Assert.Equal("cash_clearing 40.1, revenue -40.1", await BalancesAsync(host));
        Assert.Equal("invoice.issued, payment.received, payment.received", await KindsAsync(host));
    }

    [Fact]
    public async Task A_voided_invoice_leaves_nothing_behind_and_names_what_it_takes_back()
    {
        await using var host = await TestHost.StartAsync();
        var invoice = await OneOffAsync(host, "40");
        await host.ActAsync(invoice, "void", body: Discarded);

        Assert.Equal("", await BalancesAsync(host));
        Assert.Equal("invoice.issued, invoice.voided", await KindsAsync(host));
        Assert.Equal(1, await ReadAsync<int>(host, """
            select count(*) from invoicing.ledger_transaction t join invoicing.ledger_transaction c on c.id = t.corrects_id
            where t.kind = 'invoice.voided' and c.kind = 'invoice.issued'
            """));
    }

    [Fact]
    public async Task What_is_given_up_is_a_cost_until_it_is_paid_all_the_same()
    {
        await using var host = await TestHost.StartAsync();
        var invoice = await OneOffAsync(host, "40");
        await host.SendAsync(
            HttpMethod.Post, $"/api/v1/apps/custom-invoicing/{invoice["id"]}/payment/status", """{"trigger":"payment_uncollectible"}""", 204);
        Assert.Equal("bad_debt 40, revenue -40", await BalancesAsync(host));

        await host.ActAsync(invoice, "payments", body: """{"amount":"10"}""");
        Assert.Equal("bad_debt 30, cash_clearing 10, revenue -40", await BalancesAsync(host));
    }

    [Fact]
    public async Task Taxes_added_and_held_by_prices_are_owed_to_the_state()
    {
        await using var host = await TestHost.StartAsync();
        await host.SendAsync(HttpMethod.Post, "/api/v1/billing/tax-codes", """{"key":"vat","name":"VAT","percent":20}""", 201);
        var id = await host.CustomerAsync("initech");
        await host.PendingAsync(id, Taxed("added", "10", "exclusive"), Taxed("held", "12", "inclusive"));
        await host.InvoiceNowAsync(id);
        await host.AdvanceToAsync("2026-01-16T00:00:00Z");

        Assert.Equal("receivable 24, revenue -20, tax_payable -4", await BalancesAsync(host));

        static string Taxed(string name, string amount, string behavior) => $$$"""
            {"name":"{{{name}}}","period":{"from":"2026-01-01T00:00:00Z","to":"2026-01-10T00:00:00Z"},"invoiceAt":"2026-01-15T09:00:00Z",
             "rateCard":{"price":{"type":"flat","amount":"{{{amount}}}","paymentTerm":"in_arrears"},
                         "taxConfig":{"behavior":"{{{behavior}}}","taxCodeId":"vat"} } }
            """;
    }

    [Fact]
    public async Task Usage_on_a_draft_stands_on_its_clearing_account_until_it_is_billed()
    {
        await using var host = await ProAsync(Approved);
        await host.UseTokensAsync("initech", "1", "2026-01-10T12:00:00Z", 3_000_000);
        await host.AdvanceToAsync("2026-02-01T00:00:00Z");
        Assert.Equal("usage_rated_unbilled 5", await BalanceAsync(host, AccountKind.UsageRatedUnbilled));
        await host.UseTokensAsync("initech", "2", "2026-01-31T12:00:00Z", 1_000_000);
        await host.AdvanceToAsync("2026-02-02T00:00:00Z");
        Assert.Equal("usage_rated_unbilled 10", await BalanceAsync(host, AccountKind.UsageRatedUnbilled));

        var drafts = (await host.GetAsync("/api/v1/billing/invoices?statuses=draft"))["items"]!.AsArray();
        foreach (var draft in drafts)
        {
            await host.ActAsync(draft!, "approve");
        }

        Assert.Equal("", await BalanceAsync(host, AccountKind.UsageRatedUnbilled));

        // Voided, the usage waits again and is earned as before; let go, it is not.
        var billed = (await host.GetAsync("/api/v1/billing/invoices?statuses=issued&orderBy=createdAt&order=DESC"))["items"]![0]!;
        await host.ActAsync(billed, "void", body: Pending);
        Assert.Equal("usage_rated_unbilled 10", await BalanceAsync(host, AccountKind.UsageRatedUnbilled));
    }

    [Fact]
    public async Task A_fee_in_advance_is_earned_as_it_is_served_and_not_before()
    {
        await using var host = await ProAsync(ProfileSetup.AtOnce, "2026-01-15T09:00:00Z");
        Assert.Equal("deferred_revenue -49, receivable 49", await BalancesAsync(host));

        // 16 days and 15 hours of 31 days are over when the month ends.
        await host.AdvanceToAsync("2026-02-01T00:00:00Z");
        Assert.Equal("deferred_revenue -22.72, receivable 49, revenue -26.28", await BalancesAsync(host));
        await host.AdvanceToAsync("2026-02-15T08:59:59Z");
        Assert.Equal("deferred_revenue -22.72, receivable 49, revenue -26.28", await BalancesAsync(host));
        await host.AdvanceToAsync("2026-02-15T09:00:00Z");
        Assert.Equal("deferred_revenue -49, receivable 98, revenue -49", await BalancesAsync(host));
        Assert.Equal(-26.28m, await ReadAsync<decimal>(host, """
            select sum(e.amount) from invoicing.ledger_entry e join invoicing.ledger_account a on a.id = e.account_id
            where a.kind = 'revenue' and e.effective_at < '2026-02-01Z'
            """));

        // What was earned of a document that is voided is taken back with it.
        await host.ActAsync(await host.GetAsync("/api/v1/billing/invoices/INV-2026-000001"), "void", body: Discarded);
        Assert.Equal("deferred_revenue -49, receivable 49", await BalancesAsync(host));
    }

    [Fact]
    public async Task Documents_from_before_the_ledger_are_posted_once_and_come_to_the_same()
    {
        await using var host = await ProAsync(ProfileSetup.AtOnce);
        await host.UseTokensAsync("initech", "1", "2026-01-10T12:00:00Z", 3_000_000);
        await host.AdvanceToAsync("2026-02-01T00:00:00Z");
        await host.ActAsync(await OneOffAsync(host, "40", "globex"), "void", body: Discarded);
        await host.ActAsync(await OneOffAsync(host, "30", "hooli"), "payments", body: """{"amount":"12"}""");
        var lost = await OneOffAsync(host, "20", "umbrella");
        await host.SendAsync(
            HttpMethod.Post, $"/api/v1/apps/custom-invoicing/{lost["id"]}/payment/status", """{"trigger":"payment_uncollectible"}""", 204);
        var known = await BalancesAsync(host);

        await ForgetAsync(host);
        Assert.Equal("", await BalancesAsync(host));
        await RunAsync(host);
        await RunAsync(host);

        Assert.Equal(known, await BalancesAsync(host));
        Assert.Equal(0, await ReadAsync<int>(host, "select count(*) from invoicing.ledger_catch_up"));
    }

    private static async Task<TestHost> ProAsync(string workflow, string startAt = "2026-01-01T00:00:00Z")
    {
        var host = await TestHost.StartAsync(startAt);
        await host.PutProfileAsync(ProfileSetup.Seller, workflow);
        await SampleCatalog.PublishAsync((path, body) => host.PostAsync(path, body));
        await host.SignUpAsync("initech", "pro");
        await host.AdvanceToAsync(startAt);
        return host;
    }

    /// <summary>Issued at once.</summary>
    private static async Task<System.Text.Json.Nodes.JsonNode> OneOffAsync(TestHost host, string amount, string customer = "initech")
    {
        var id = await host.CustomerAsync(customer);
        await host.PendingAsync(id, Shop.Fee("Fee", amount, "2026-01-15T09:00:00Z").Replace("2026-02-01", "2026-01-02", StringComparison.Ordinal));
        return await host.ActAsync((await host.InvoiceNowAsync(id))[0]!, "advance");
    }

    private static Task RunAsync(TestHost host) =>
        host.Services.GetRequiredService<LedgerUpkeep>().RunDueAsync(host.Now, CancellationToken.None);

    private static async Task ForgetAsync(TestHost host)
    {
        await using var source = NpgsqlDataSource.Create(host.ConnectionString);
        await using var forget = source.CreateCommand("""
            set session_replication_role = replica;
            truncate invoicing.ledger_entry, invoicing.ledger_transaction, invoicing.ledger_batch, invoicing.ledger_balance, invoicing.ledger_block,
                invoicing.ledger_account, invoicing.ledger_deferral;
            insert into invoicing.ledger_catch_up (through) values ('00000000-0000-0000-0000-000000000000');
            """);
        await forget.ExecuteNonQueryAsync();
    }

    /// <summary>Of all customers, by kind, without those at zero.</summary>
    private static Task<string> BalancesAsync(TestHost host) => ReadAsync<string>(host, """
        select coalesce(string_agg(kind || ' ' || trim_scale(amount), ', ' order by kind), '')
        from (
            select a.kind, sum(b.amount) as amount
            from invoicing.ledger_balance b join invoicing.ledger_account a on a.id = b.account_id
            group by a.kind having sum(b.amount) <> 0) as kinds
        """);

    private static async Task<string> BalanceAsync(TestHost host, AccountKind kind) =>
        string.Join(", ", (await BalancesAsync(host)).Split(", ").Where(part => part.StartsWith(kind.NameOf(), StringComparison.Ordinal)));

    private static Task<string> KindsAsync(TestHost host) =>
        ReadAsync<string>(host, "select string_agg(kind, ', ' order by batch_id, id) from invoicing.ledger_transaction");

    private static async Task<T> ReadAsync<T>(TestHost host, string sql)
    {
        await using var session = await host.Services.GetRequiredService<MeteringDatabase>().OpenAsync(CancellationToken.None);
        return await session.SingleAsync<T>(sql, null, CancellationToken.None);
    }
}
