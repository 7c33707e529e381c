using Metering.Platform.Database;
using Metering.Platform.Http;
using Metering.Platform.Identifiers;
using Metering.Platform.Problems;
using Metering.Platform.Security;
using Metering.Subscriptions.Customers;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using NodaTime;

namespace Metering.Invoicing.Ledger;

/// <summary>
/// <c>GET /api/v1/ledger/transactions</c>: by document, customer and time, latest first. <c>from</c> is inclusive, <c>to</c> exclusive.
/// </summary>
internal static class ListTransactions
{
    public static void Map(IEndpointRouteBuilder routes) =>
        routes.MapGet("/api/v1/ledger/transactions", ListAsync).RequireScope(Scope.LedgerRead)
            .WithName("listLedgerTransactions").WithSummary("List what was posted").Produces<CursorPage<LedgerTransactionView>>();

    /// <param name="documentId">Of an invoice.</param>
    /// <param name="customer">Id or key.</param>
    private static async Task<IResult> ListAsync(
        CursorRequest<Instant> page, string? documentId, string? customer, string? kind, string? from, string? to, MeteringDatabase database,
        CustomerReader customers, CancellationToken cancellationToken)
    {
        if (InstantConverter.TryReadParameter("from", from, out var start) is { } noStart)
        {
            return Problem.Invalid(noStart);
        }

        if (InstantConverter.TryReadParameter("to", to, out var end) is { } noEnd)
        {
            return Problem.Invalid(noEnd);
        }

        Guid? document = null;
        if (documentId is not null)
        {
            if (!PublicId.TryParse(documentId, out var parsed))
            {
                return Problem.Invalid("?documentId", "invalid_id", "An id has 26 characters.");
            }

            document = parsed;
        }

        Guid? customerId = null;
        if (customer is not null)
        {
            if (await customers.FindAsync(customer, cancellationToken) is not { } found)
            {
                return Problem.NotFound("customer", customer);
            }

            customerId = found.Id;
        }

        await using var session = await database.OpenAsync(cancellationToken);
        var filter = new { document, customerId, kind, start, end, afterKey = page.After?.Key, afterId = page.After?.Id, limit = page.Limit + 1 };
        var rows = await session.QueryAsync<LedgerReader.TransactionRow>(ListSql, filter, cancellationToken);
        var next = rows.Count > page.Limit ? new Cursor<Instant>(rows[page.Limit - 1].PostedAt, rows[page.Limit - 1].Id).ToString() : null;
        var stored = await LedgerReader.WithEntriesAsync(session, [.. rows.Take(page.Limit)], cancellationToken);
        return Results.Ok(new CursorPage<LedgerTransactionView>([.. stored.Select(LedgerTransactionView.Of)], next));
    }

    private const string ListSql = LedgerReader.TransactionRow.SelectSql + """

        where (@afterId::uuid is null or (t.posted_at, t.id) < (@afterKey, @afterId))
          and (@document::uuid is null or t.document_id = @document)
          and (@customerId::uuid is null or t.customer_id = @customerId)
          and (@kind::text is null or t.kind = @kind)
          and (@start::timestamptz is null or t.effective_at >= @start)
          and (@end::timestamptz is null or t.effective_at < @end)
        order by t.posted_at desc, t.id desc
        limit @limit
        """;
}
