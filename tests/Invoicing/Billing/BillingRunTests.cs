using System.Text;
using System.Text.Json.Nodes;
using Metering.Invoicing.Billing;
using Metering.Invoicing.Invoices;
using Metering.Invoicing.Tests.Support;
using Metering.Platform.Database;
using Metering.Platform.Http;
using Metering.Platform.Messaging;
using Metering.Testing;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Xunit;

namespace Metering.Invoicing.Tests.Billing;

public sealed class BillingRunTests
{
    [Fact]
    public async Task Pro_pays_its_fee_in_advance_and_its_tokens_tier_by_tier_and_Free_gets_no_document()
    {
        await using var host = await TestHost.StartAsync("2026-01-01T00:00:00Z");
        await host.PublishSampleTiersAsync();
        await host.SignUpAsync("initech", "pro");
        await host.SignUpAsync("hobby", "free");
        await host.UseTokensAsync("initech", "1", "2026-01-10T12:00:00Z", 60_000_000);
        await host.UseTokensAsync("initech", "2", "2026-01-31T23:59:59.999999Z", 2_345_678);
        await host.UseTokensAsync("initech", "3", "2026-02-01T00:00:00Z", 1_500_000);
        await host.UseTokensAsync("hobby", "4", "2026-01-10T12:00:00Z", 9_999_999);

        await host.AdvanceToAsync("2026-03-20T00:00:00Z");

        Golden.Matches(await PrintAllAsync(host), "three-months.txt");
        var json = await host.GetAsync("/api/v1/billing/invoices?expand=lines");
        Assert.Equal(3, (int)json["totalCount"]!);
    }

    [Fact]
    public async Task Enterprise_pays_its_minimum_on_the_line_that_missed_it()
    {
        await using var host = await TestHost.StartAsync("2026-01-31T00:00:00Z");
        await host.PublishSampleTiersAsync();
        await host.SignUpAsync("globex", "enterprise", "Asia/Tokyo");
        await host.UseTokensAsync("globex", "1", "2026-02-10T12:00:00Z", 1_200_000_000);
        await host.AdvanceToAsync("2026-03-01T00:00:00Z");
        Golden.Matches(await PrintAllAsync(host), "enterprise.txt");
    }

    [Fact]
    public async Task A_run_that_is_interrupted_between_periods_ends_with_the_same_documents()
    {
        var undisturbed = await BilledAsync(interrupted: false);
        var interrupted = await BilledAsync(interrupted: true);
        Assert.Equal(undisturbed, interrupted);
        Assert.Contains("INV-2026-000004", undisturbed, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_outage_of_months_bills_late_and_skips_nothing()
    {
        await using var host = await TestHost.StartAsync("2026-01-01T00:00:00Z");
        await host.PublishSampleTiersAsync();
        await host.SignUpAsync("initech", "pro");
        await SettleAsync(host);
        await host.Services.GetRequiredService<BillingRun>().RunDueAsync(Some.At("2026-05-15"), CancellationToken.None);
        var invoices = await ListAsync(host);
        Assert.Equal(
            ["2026-01-01", "2026-02-01", "2026-03-01", "2026-04-01", "2026-05-01"],
            invoices.OrderBy(invoice => invoice.Number).Select(invoice => invoice.Lines[0].Period.Start.InUtc().Date.ToString("uuuu-MM-dd", null)));
        Assert.All(invoices, invoice => Assert.Equal(Some.At("2026-05-15"), invoice.IssuedAt));
    }

    [Fact]
    public async Task Eight_runs_at_once_make_one_document_per_period_and_number_them_without_gaps()
    {
        await using var host = await TestHost.StartAsync("2026-01-01T00:00:00Z");
        await host.PublishSampleTiersAsync();
        for (var i = 0; i < 6; i++)
        {
            await host.SignUpAsync($"customer-{i}", "pro");
        }

        await SettleAsync(host);
        var run = host.Services.GetRequiredService<BillingRun>();
        var now = Some.At("2026-03-15");
        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => run.RunDueAsync(now, CancellationToken.None)));
        await run.RunDueAsync(now, CancellationToken.None);

        var numbers = (await ListAsync(host)).Select(invoice => invoice.Number).Order().ToArray();
        Assert.Equal(Enumerable.Range(1, 18).Select(number => $"INV-2026-{number:000000}"), numbers);
        var periods = await QueryAsync<long>(host, "select count(distinct (subscription_id, period_from, period_to)) from invoicing.invoice");
        Assert.Equal(18, periods.Single());
    }

    [Fact]
    public async Task Running_again_changes_nothing()
    {
        await using var host = await TestHost.StartAsync("2026-01-01T00:00:00Z");
        await host.PublishSampleTiersAsync();
        await host.SignUpAsync("initech", "pro");
        await host.AdvanceToAsync("2026-02-15T00:00:00Z");
        var before = await PrintAllAsync(host);
        await host.Services.GetRequiredService<BillingRun>().RunDueAsync(host.Now, CancellationToken.None);
        await host.AdvanceToAsync("2026-02-16T00:00:00Z");
        Assert.Equal(before, await PrintAllAsync(host));
    }

    [Fact]
    public async Task A_cancelled_subscription_gets_its_last_bill_when_it_ends_and_none_after()
    {
        await using var host = await TestHost.StartAsync("2026-01-01T00:00:00Z");
        await host.PublishSampleTiersAsync();
        var subscription = await host.SignUpAsync("initech", "pro");
        await host.UseTokensAsync("initech", "1", "2026-01-10T12:00:00Z", 3_000_000);
        await host.AdvanceToAsync("2026-01-20T00:00:00Z");
        await host.PostAsync($"/api/v1/subscriptions/{subscription["id"]}/cancel", new JsonObject { ["timing"] = "immediate" });
        await host.AdvanceToAsync("2026-06-01T00:00:00Z");
        Golden.Matches(await PrintAllAsync(host), "cancelled.txt");
    }

    [Fact]
    public async Task A_collection_period_waits_for_late_usage()
    {
        await using var host = await TestHost.StartAsync("2026-01-01T00:00:00Z");
        await host.PublishSampleTiersAsync();
        await host.PutProfileAsync("""{"name":"Summit"}""", """{"collection":{"interval":"PT6H"}}""");
        await host.SignUpAsync("initech", "pro");
        await host.AdvanceToAsync("2026-02-01T05:00:00Z");
        Assert.Single(await ListAsync(host));
        await host.UseTokensAsync("initech", "late", "2026-01-31T20:00:00Z", 4_000_000);
        await host.AdvanceToAsync("2026-02-01T06:00:00Z");
        var last = (await ListAsync(host)).MaxBy(invoice => invoice.Number)!;
        Assert.Equal(10m, last.Lines.Single(line => line.MeterSlug is not null).Amount.Amount);
    }

    [Fact]
    public async Task A_subscription_that_cannot_be_billed_is_kept_with_its_error_and_holds_up_nobody()
    {
        await using var host = await TestHost.StartAsync("2026-01-01T00:00:00Z");
        await host.PublishSampleTiersAsync();
        await host.SignUpAsync("initech", "pro");
        var outbox = host.Services.GetRequiredService<MeteringDatabase>();
        await using (var session = await outbox.BeginAsync(CancellationToken.None))
        {
            await Outbox.AddAsync(
                session, new Contracts.Messages.SubscriptionStarted(Guid.CreateVersion7(), Guid.CreateVersion7(), Some.At("2025-12-01")),
                CancellationToken.None);
            await session.CommitAsync(CancellationToken.None);
        }

        await host.AdvanceToAsync("2026-01-01T01:00:00Z");
        Assert.Single(await ListAsync(host));
        var errors = await QueryAsync<string>(host, "select last_error from invoicing.billing_cursor where failures > 0");
        Assert.Contains("does not exist", Assert.Single(errors), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("update invoicing.invoice set total_minor = 0, subtotal_minor = 0")]
    [InlineData("delete from invoicing.invoice")]
    [InlineData("update invoicing.invoice_line set name = 'other'")]
    [InlineData("delete from invoicing.invoice_line")]
    [InlineData("truncate invoicing.invoice_line")]
    [InlineData("truncate invoicing.invoice cascade")]
    [InlineData(
        "insert into invoicing.invoice_line select gen_random_uuid(), invoice_id, position + 100, name, phase_key, rate_card_key, feature_key, " +
        "meter_slug, subjects, period_from, period_to, invoice_at, metered_quantity, billed_quantity, watermark, price, charges, 0 " +
        "from invoicing.invoice_line")]
    [InlineData(
        "insert into invoicing.invoice select gen_random_uuid(), billing_profile_id, 'X', type, customer_id, subscription_id, currency, " +
        "period_from, period_to, issued_at, due_at, supplier, customer, plan, watermark, 5, 0, 5, state, false, description, metadata, workflow, " +
        "0, taxes, created_at, updated_at from invoicing.invoice")]
    public async Task An_issued_document_refuses(string change)
    {
        await using var host = await TestHost.StartAsync("2026-01-01T00:00:00Z");
        await host.PublishSampleTiersAsync();
        await host.SignUpAsync("initech", "pro");
        await host.AdvanceToAsync("2026-01-02T00:00:00Z");
        await using var connection = new NpgsqlConnection(host.ConnectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(change, connection);
        var refusal = await Assert.ThrowsAsync<PostgresException>(() => command.ExecuteNonQueryAsync());
        Assert.Contains(refusal.SqlState, new[] { "23001", "23514" });
    }

    private static async Task<string> BilledAsync(bool interrupted)
    {
        await using var host = await TestHost.StartAsync("2026-01-01T00:00:00Z");
        await host.PublishSampleTiersAsync();
        await host.SignUpAsync("initech", "pro");
        await host.UseTokensAsync("initech", "1", "2026-01-10T12:00:00Z", 12_000_000);
        await SettleAsync(host);
        var run = host.Services.GetRequiredService<BillingRun>();
        var now = Some.At("2026-04-02");
        if (interrupted)
        {
            // The third period is begun and never committed: somebody holds what it needs, and the run is cancelled.
            Assert.True(await run.CloseNextAsync(now, CancellationToken.None));
            Assert.True(await run.CloseNextAsync(now, CancellationToken.None));
            await using var blocker = await host.Services.GetRequiredService<MeteringDatabase>().BeginAsync(CancellationToken.None);
            await blocker.ExecuteAsync("select * from invoicing.number_sequence for update", null, CancellationToken.None);
            using var crash = new CancellationTokenSource(TimeSpan.FromSeconds(1));
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run.CloseNextAsync(now, crash.Token));
        }

        await run.RunDueAsync(now, CancellationToken.None);
        return await PrintAllAsync(host);
    }

    /// <summary>Messages are delivered in the background; the clock's own drain waits for them.</summary>
    private static Task SettleAsync(TestHost host) => host.Services.GetRequiredService<OutboxDispatcher>().DrainAsync(CancellationToken.None);

    private static async Task<string> PrintAllAsync(TestHost host)
    {
        var text = new StringBuilder();
        foreach (var invoice in (await ListAsync(host)).OrderBy(invoice => invoice.Number))
        {
            text.AppendLine(InvoicePrinter.Print(invoice)).AppendLine();
        }

        return text.ToString();
    }

    private static async Task<IReadOnlyList<Invoice>> ListAsync(TestHost host)
    {
        Assert.Null(PageRequest.TryCreate(1, 100, out var page));
        return (await host.Services.GetRequiredService<InvoiceReader>().ListAsync(new InvoiceFilter(default), page, CancellationToken.None)).Invoices;
    }

    private static async Task<IReadOnlyList<T>> QueryAsync<T>(TestHost host, string sql)
    {
        await using var session = await host.Services.GetRequiredService<MeteringDatabase>().OpenAsync(CancellationToken.None);
        return await session.QueryAsync<T>(sql, null, CancellationToken.None);
    }
}
