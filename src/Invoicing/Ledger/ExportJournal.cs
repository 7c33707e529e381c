using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using Metering.Platform.Database;
using Metering.Platform.Http;
using Metering.Platform.Problems;
using Metering.Platform.Security;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Metering.Invoicing.Ledger;

/// <summary><c>GET /api/v1/ledger/periods/{period}/journal</c>: what finance takes into its own books, as JSON or CSV by <c>Accept</c>.</summary>
internal static class ExportJournal
{
    private const string Route = "/api/v1/ledger/periods/{period}/journal";
    private const string Header = "period,currency,account,billing_profile_id,cost_centre,debit,credit,entries";

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet(Route, JsonAsync).RequireScope(Scope.LedgerRead)
            .WithName("getLedgerJournal").WithSummary("Sum a month by account and cost centre").Produces<JournalView>();
        routes.MapGet(Route + ".csv", CsvAsync).RequireScope(Scope.LedgerRead)
            .WithName("exportLedgerJournal").WithSummary("Export a month's journal as CSV").Produces<string>(200, "text/csv");
    }

    private static async Task<IResult> JsonAsync(
        string period, string? postedBefore, MeteringDatabase database, Journal journal, CancellationToken cancellationToken) =>
        await ReadAsync(
            period, postedBefore, database, journal, (read, rows) => Results.Ok(new JournalView(read.Name, rows)), cancellationToken);

    private static async Task<IResult> CsvAsync(
        string period, string? postedBefore, MeteringDatabase database, Journal journal, CancellationToken cancellationToken) =>
        await ReadAsync(
            period, postedBefore, database, journal, (_, rows) => Results.Text(Csv(rows), "text/csv; charset=utf-8"), cancellationToken);

    private static async Task<IResult> ReadAsync(
        string period, string? postedBefore, MeteringDatabase database, Journal journal,
        Func<LedgerPeriod, ImmutableArray<JournalRow>, IResult> answer, CancellationToken cancellationToken)
    {
        if (LedgerPeriod.TryRead(period, postedBefore, out var read) is { } wrong)
        {
            return Problem.Invalid(wrong);
        }

        await using var session = await database.BeginAsync(cancellationToken);
        await session.ExecuteAsync("set transaction isolation level repeatable read, read only", null, cancellationToken);
        return answer(read, await journal.OfAsync(session, read, cancellationToken));
    }

    private static string Csv(ImmutableArray<JournalRow> rows)
    {
        var csv = new StringBuilder(Header).Append("\r\n");
        foreach (var row in rows)
        {
            csv.AppendCsvRow(
            [
                row.Period, row.Currency, row.Account, row.BillingProfileId, CsvText.Inert(row.CostCentre), NumericConverter.Format(row.Debit),
                NumericConverter.Format(row.Credit), row.Entries.ToString(CultureInfo.InvariantCulture),
            ]);
        }

        return csv.ToString();
    }

    private sealed record JournalView(string Period, ImmutableArray<JournalRow> Rows);
}
