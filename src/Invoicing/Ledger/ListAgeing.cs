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

/// <summary><c>GET /api/v1/ledger/ageing</c>: what waits on clearing accounts and what is owed, by how long it has been so.</summary>
internal static class ListAgeing
{
    public static void Map(IEndpointRouteBuilder routes) =>
        routes.MapGet("/api/v1/ledger/ageing", ListAsync).RequireScope(Scope.LedgerRead)
            .WithName("listLedgerAgeing").WithSummary("Age clearing accounts and receivables").Produces<AgeingView>();

    /// <param name="asOf">What took effect before; now when absent.</param>
    private static async Task<IResult> ListAsync(string? asOf, MeteringDatabase database, IClock clock, CancellationToken cancellationToken)
    {
        if (InstantConverter.TryReadParameter("asOf", asOf, out var before) is { } wrong)
        {
            return Problem.Invalid(wrong);
        }

        var at = before ?? clock.GetCurrentInstant() + Duration.FromTicks(10);
        await using var session = await database.OpenAsync(cancellationToken);
        var rows = await session.QueryAsync<AgeingRow>(AgeingSql, new { at }, cancellationToken);
        var unrated = await session.SingleAsync<UnratedRow>(UnratedSql, new { at }, cancellationToken);
        return Results.Ok(new AgeingView(at, [.. rows], unrated));
    }

    // What is open, by what it is about: a line that waits to be billed, an invoice that waits to be paid.
    private const string AgeingSql = """
        with open as (
            select a.kind, a.currency, sum(e.amount) as amount, min(e.effective_at) as since
            from invoicing.ledger_entry e
            join invoicing.ledger_account a on a.id = e.account_id
            join invoicing.ledger_account_kind k on k.kind = a.kind and (k.clears or a.kind = 'receivable')
            join invoicing.ledger_transaction t on t.id = e.transaction_id
            where e.effective_at < @at
            group by a.id, a.kind, a.currency, case a.kind when 'receivable' then t.document_id else e.source_id end
            having sum(e.amount) <> 0)
        select kind as account, currency, count(*) as items, min(since) as oldest,
               coalesce(sum(amount) filter (where since > @at - interval '30 days'), 0) as upTo30Days,
               coalesce(sum(amount) filter (where since <= @at - interval '30 days' and since > @at - interval '60 days'), 0) as upTo60Days,
               coalesce(sum(amount) filter (where since <= @at - interval '60 days' and since > @at - interval '90 days'), 0) as upTo90Days,
               coalesce(sum(amount) filter (where since <= @at - interval '90 days'), 0) as older
        from open
        group by kind, currency
        order by kind, currency
        """;

    private const string UnratedSql = """
        select count(*) as periods, min(blocked_since) as oldest from invoicing.blocked_period where blocked_since < @at
        """;

    private sealed record AgeingRow(
        string Account, string Currency, long Items, Instant Oldest,
        [property: JsonConverter(typeof(NumericConverter))] decimal UpTo30Days,
        [property: JsonConverter(typeof(NumericConverter))] decimal UpTo60Days,
        [property: JsonConverter(typeof(NumericConverter))] decimal UpTo90Days,
        [property: JsonConverter(typeof(NumericConverter))] decimal Older);

    /// <param name="Periods">Billing periods that are not closed because usage in them has no price, and so no amount yet.</param>
    private sealed record UnratedRow(long Periods, Instant? Oldest);

    private sealed record AgeingView(Instant AsOf, AgeingRow[] Accounts, UnratedRow UnratedUsage);
}
