using System.Collections.Immutable;
using Metering.Ingest.Usage;
using Metering.Invoicing.Invoices;
using Metering.Platform.Database;
using Metering.Rating;
using NodaTime;

namespace Metering.Invoicing.Billing;

/// <summary>How far the usage of served periods is on documents already, because an invoice was asked for before they ended.</summary>
internal sealed class LineCoverage
{
    private readonly ImmutableDictionary<(string Phase, string RateCard, Instant ServedFrom), CoverageRow> covered;

    private LineCoverage(IEnumerable<CoverageRow> rows) =>
        covered = rows.ToImmutableDictionary(row => (row.PhaseKey, row.RateCardKey, row.ServedFrom));

    /// <param name="since">Served periods that began then or later.</param>
    public static async Task<LineCoverage> OfAsync(DbSession session, Guid subscriptionId, Instant since, CancellationToken cancellationToken) =>
        new(await session.QueryAsync<CoverageRow>(CoveredSql, new { subscriptionId, since }, cancellationToken));

    public static async Task<ImmutableArray<PlannedLine>> CutAsync(
        DbSession session, Guid subscriptionId, ImmutableArray<PlannedLine> planned, CancellationToken cancellationToken)
    {
        var metered = planned.Where(line => line.NeedsUsage).ToArray();
        return metered.Length == 0
            ? planned
            : (await OfAsync(session, subscriptionId, metered.Min(line => line.Period.Served.Start), cancellationToken)).Cut(planned);
    }

    /// <summary>
    /// A stored line that goes on where another stopped, as it is when that one was counted again meanwhile or is gone.
    /// </summary>
    public static async Task<InvoiceLine> ContinuedAsync(DbSession session, InvoiceLine line, CancellationToken cancellationToken)
    {
        if (line.RatedPeriod.OpensPeriod)
        {
            return line;
        }

        var parameters = new
        {
            line.Id, line.SubscriptionId, line.PhaseKey, line.RateCardKey, servedFrom = line.RatedPeriod.Served.Start, start = line.Period.Start,
        };
        var before = await session.FirstOrNoneAsync<PrecedingRow>(PrecedingSql, parameters, cancellationToken);
        var start = before?.BilledTo ?? line.RatedPeriod.Served.Start;
        return line with
        {
            Period = new ServicePeriod(start, line.Period.End),
            RatedPeriod = StoredLine.From(line.RatedPeriod, start),
            Prior = before is null ? null : new MeteredUsage(0m, 0m, before.Watermark),
        };
    }

    /// <summary>What is left of lines; those of which nothing is left are gone. Pure.</summary>
    public ImmutableArray<PlannedLine> Cut(ImmutableArray<PlannedLine> planned) => [.. planned.Select(Cut).OfType<PlannedLine>()];

    private PlannedLine? Cut(PlannedLine line)
    {
        var period = line.Period;
        if (!line.NeedsUsage || !covered.TryGetValue((line.Phase.Key, line.RateCard.Key, period.Served.Start), out var billed)
            || billed.BilledTo <= period.Billed.Start)
        {
            return line;
        }

        return billed.BilledTo >= period.Billed.End
            ? null
            : line with { Period = StoredLine.From(period, billed.BilledTo), PriorWatermark = new Watermark(billed.Watermark) };
    }

    private const string PrecedingSql = """
        select l.period_to as billedTo, l.watermark
        from invoicing.invoice_line l
        join invoicing.invoice i on i.id = l.invoice_id
        where l.rate_card_key = @RateCardKey
          and l.phase_key = @PhaseKey
          and l.served_from = @servedFrom
          and l.subscription_id is not distinct from @SubscriptionId
          and l.id <> @Id
          and l.period_to <= @start
          and l.watermark is not null
          and l.deleted_at is null
          and i.state <> 'deleted'
        order by l.period_to desc, l.created_at desc
        limit 1
        """;

    // A line of a voided document that waits again or is billed again elsewhere stands for itself.
    private const string CoveredSql = """
        select distinct on (l.phase_key, l.rate_card_key, l.served_from)
               l.phase_key as phaseKey, l.rate_card_key as rateCardKey, l.served_from as servedFrom, l.period_to as billedTo, l.watermark
        from invoicing.invoice_line l
        join invoicing.invoice i on i.id = l.invoice_id
        where l.subscription_id = @subscriptionId
          and l.served_from >= @since
          and l.watermark is not null
          and l.deleted_at is null
          and i.state <> 'deleted'
        order by l.phase_key, l.rate_card_key, l.served_from, l.period_to desc, l.created_at desc
        """;

    private sealed record PrecedingRow(Instant BilledTo, long Watermark);

    private sealed record CoverageRow(string PhaseKey, string RateCardKey, Instant ServedFrom, Instant BilledTo, long Watermark);
}
