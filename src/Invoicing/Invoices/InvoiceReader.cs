using System.Collections.Immutable;
using Metering.Invoicing.Lifecycle;
using Metering.Platform.Database;
using Metering.Platform.Http;
using Metering.Platform.Identifiers;

namespace Metering.Invoicing.Invoices;

/// <summary>Finds documents, for the API and for the portal.</summary>
public sealed class InvoiceReader(MeteringDatabase database)
{
    private const int MaxNumberLength = 64;

    /// <summary>By 26-character id or by number; null when there is none. Also what is not issued.</summary>
    public async Task<Invoice?> FindAsync(string idOrNumber, CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(cancellationToken);
        return await FindAsync(session, idOrNumber, withDeletedLines: false, cancellationToken);
    }

    internal static async Task<Invoice?> FindAsync(
        DbSession session, string idOrNumber, bool withDeletedLines, CancellationToken cancellationToken)
    {
        var isId = PublicId.TryParse(idOrNumber, out var id);
        return isId || idOrNumber.Length <= MaxNumberLength
            ? await InvoiceRow.FindAsync(
                session, isId ? "i.id = @id" : "i.number = @idOrNumber", new { id, idOrNumber }, withDeletedLines, cancellationToken)
            : null;
    }

    /// <summary>Newest first unless the filter says otherwise.</summary>
    public async Task<(ImmutableArray<Invoice> Invoices, long Total)> ListAsync(
        InvoiceFilter filter, PageRequest page, CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(cancellationToken);
        var parameters = new
        {
            customers = filter.CustomerIds.IsDefault ? null : filter.CustomerIds.ToArray(),
            states = filter.States.Select(state => state.NameOf()).ToArray(),
            filter.IssuedAfter, filter.IssuedBefore, filter.PeriodStartAfter, filter.PeriodStartBefore, filter.CreatedAfter, filter.CreatedBefore,
        };
        var (rows, total) = await Page.RowsAsync<InvoiceRow>(
            session, page, InvoiceRow.SelectSql + FilterSql + (filter.OrderSql ?? NewestFirst),
            "select count(*) from invoicing.invoice i" + FilterSql,
            parameters, cancellationToken);
        return (await InvoiceRow.WithLinesAsync(session, rows, withDeletedLines: false, cancellationToken), total);
    }

    private const string NewestFirst = "\norder by i.issued_at desc, i.number desc";

    private const string FilterSql = """

        where i.state = any(@states)
          and (@customers::uuid[] is null or i.customer_id = any(@customers))
          and (@IssuedAfter::timestamptz is null or i.issued_at >= @IssuedAfter)
          and (@IssuedBefore::timestamptz is null or i.issued_at <= @IssuedBefore)
          and (@PeriodStartAfter::timestamptz is null or i.period_from >= @PeriodStartAfter)
          and (@PeriodStartBefore::timestamptz is null or i.period_from <= @PeriodStartBefore)
          and (@CreatedAfter::timestamptz is null or i.created_at >= @CreatedAfter)
          and (@CreatedBefore::timestamptz is null or i.created_at <= @CreatedBefore)
        """;
}
