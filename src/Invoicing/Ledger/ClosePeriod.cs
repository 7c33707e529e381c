using System.Collections.Immutable;
using System.Text.Json.Serialization;
using Metering.Platform.Database;
using Metering.Platform.Http;
using Metering.Platform.Problems;
using Metering.Platform.Security;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using NodaTime;

namespace Metering.Invoicing.Ledger;

/// <summary>
/// <c>GET /api/v1/ledger/periods/{period}</c>: a month by kind of account from its opening to its closing balance, with the totals that control it.
/// </summary>
internal static class ClosePeriod
{
    public static void Map(IEndpointRouteBuilder routes) =>
        routes.MapGet("/api/v1/ledger/periods/{period}", CloseAsync).RequireScope(Scope.LedgerRead)
            .WithName("getLedgerPeriod").WithSummary("Report a month with its control totals").Produces<PeriodView>();

    private static async Task<IResult> CloseAsync(
        string period, string? postedBefore, MeteringDatabase database, IClock clock, CancellationToken cancellationToken)
    {
        if (LedgerPeriod.TryRead(period, postedBefore, out var read) is { } wrong)
        {
            return Problem.Invalid(wrong);
        }

        await using var session = await database.BeginAsync(cancellationToken);
        await session.ExecuteAsync("set transaction isolation level repeatable read, read only", null, cancellationToken);
        var parameters = new { read.Start, read.End, before = read.PostedBefore };
        var accounts = await session.QueryAsync<AccountRow>(AccountsSql, parameters, cancellationToken);
        var controls = await session.QueryAsync<ControlRow>(ControlsSql, parameters, cancellationToken);
        var blocked = await session.SingleAsync<int>(BlockedSql, parameters, cancellationToken);
        return Results.Ok(new PeriodView(
            read.Name, read.Start, read.End, read.PostedBefore, IsOver: clock.GetCurrentInstant() >= read.End, BlockedPeriods: blocked,
            [.. accounts], [.. controls.Select(control => control.ToView())]));
    }

    private const string BlockedSql = "select count(*) from invoicing.blocked_period where boundary <= @End";

    private const string AccountsSql = """
        select a.currency, a.kind as account, k.class,
               coalesce(sum(e.amount) filter (where e.effective_at < @Start), 0) as opening,
               coalesce(sum(e.amount) filter (where e.effective_at >= @Start and e.amount > 0), 0) as debit,
               coalesce(-sum(e.amount) filter (where e.effective_at >= @Start and e.amount < 0), 0) as credit,
               sum(e.amount) as closing
        from invoicing.ledger_entry e
        join invoicing.ledger_account a on a.id = e.account_id
        join invoicing.ledger_account_kind k on k.kind = a.kind
        join invoicing.ledger_transaction t on t.id = e.transaction_id
        where e.effective_at < @End and (@before::timestamptz is null or t.posted_at < @before)
        group by a.currency, a.kind, k.class
        order by a.currency, a.kind
        """;

    private const string ControlsSql = """
        select a.currency, count(distinct t.id) as transactions, count(*) as entries,
               coalesce(sum(e.amount) filter (where e.amount > 0), 0) as debit, coalesce(-sum(e.amount) filter (where e.amount < 0), 0) as credit,
               count(distinct t.document_id) filter (where t.kind = 'invoice.issued') as invoicesIssued,
               coalesce(sum(e.amount) filter (where t.kind = 'invoice.issued' and a.kind = 'receivable'), 0) as invoiced,
               coalesce(sum(e.amount) filter (where t.kind = 'payment.received' and a.kind = 'cash_clearing'), 0) as received
        from invoicing.ledger_entry e
        join invoicing.ledger_account a on a.id = e.account_id
        join invoicing.ledger_transaction t on t.id = e.transaction_id
        where e.effective_at >= @Start and e.effective_at < @End and (@before::timestamptz is null or t.posted_at < @before)
        group by a.currency
        order by a.currency
        """;

    /// <param name="Opening">Debits less credits before the month.</param>
    /// <param name="Closing">Debits less credits by its end.</param>
    private sealed record AccountRow(
        string Currency, string Account, string Class,
        [property: JsonConverter(typeof(NumericConverter))] decimal Opening,
        [property: JsonConverter(typeof(NumericConverter))] decimal Debit,
        [property: JsonConverter(typeof(NumericConverter))] decimal Credit,
        [property: JsonConverter(typeof(NumericConverter))] decimal Closing);

    private sealed record ControlRow(
        string Currency, long Transactions, long Entries, decimal Debit, decimal Credit, long InvoicesIssued, decimal Invoiced, decimal Received)
    {
        public ControlView ToView() => new(Currency, Transactions, Entries, Debit, Credit, Debit == Credit, InvoicesIssued, Invoiced, Received);
    }

    /// <summary>What must come to the same elsewhere.</summary>
    /// <param name="Invoiced">Owed on invoices that were issued in the month.</param>
    /// <param name="Received">Payments of the month.</param>
    private sealed record ControlView(
        string Currency, long Transactions, long Entries,
        [property: JsonConverter(typeof(NumericConverter))] decimal Debit,
        [property: JsonConverter(typeof(NumericConverter))] decimal Credit,
        bool Balances, long InvoicesIssued,
        [property: JsonConverter(typeof(NumericConverter))] decimal Invoiced,
        [property: JsonConverter(typeof(NumericConverter))] decimal Received);

    /// <param name="IsOver">Whether the month has ended.</param>
    /// <param name="BlockedPeriods">Billing periods that ended by then and could not be billed: they belong to it and are missing.</param>
    private sealed record PeriodView(
        string Period, Instant From, Instant To, Instant? PostedBefore, bool IsOver, int BlockedPeriods, ImmutableArray<AccountRow> Accounts,
        ImmutableArray<ControlView> Controls);
}
