using Metering.Ingest.Events;
using Metering.Ingest.Meters;
using Metering.Ingest.Usage;
using Metering.Platform.Database;
using Microsoft.Extensions.Logging;

namespace Metering.Ingest.Rollups;

/// <summary>
/// Makes a meter count the events that are stored already, within the transaction that creates or changes it. Recording stands still
/// meanwhile, so that every event is counted once: by the backfill, or by the batch that records it.
/// </summary>
internal sealed class MeterBackfill(MeteringDatabase database, ILogger<MeterBackfill> logger)
{
    /// <summary>How much is added up in memory before it goes into the tables.</summary>
    private const int MaxCells = 50_000;

    /// <summary>Before the meter is changed: nothing is recorded or folded from here to the end of the transaction.</summary>
    public static async Task<Watermark> StandStillAsync(DbSession session, CancellationToken cancellationToken)
    {
        await IngestLocks.RearrangeAsync(session, cancellationToken);
        return await UsageReader.CurrentWatermarkAsync(session, cancellationToken);
    }

    /// <summary>
    /// Replaces what the rollups hold of the meter. Its base rows carry the watermark: they tell nothing about earlier ones, which
    /// are answered from the events.
    /// </summary>
    public async Task RunAsync(DbSession session, Meter meter, Watermark watermark, CancellationToken cancellationToken)
    {
        await session.ExecuteAsync(ForgetSql, new { meter.Number }, cancellationToken);
        if (watermark.Batch == 0)
        {
            return;
        }

        // Read on a connection of its own, which sees all that is committed; this one is busy copying.
        await using var separate = await database.OpenAsync(cancellationToken);
        var compiled = new CompiledMeter(meter);
        var scan = new EventScan(separate, compiled, new UsageQuery(meter.Slug, null, null) { AsRecordedBy = watermark });
        var cells = new UsageCells();
        var events = 0L;
        await foreach (var (counted, reading) in scan.ReadAsync(EventLimits.EarliestTime, EventLimits.LatestTime, false, cancellationToken))
        {
            cells.Add(compiled, reading, counted.Subject, counted.Time, counted.Key);
            events++;
            if (cells.Count == MaxCells)
            {
                await FlushAsync(session, meter, watermark, cells, cancellationToken);
                cells = new UsageCells();
            }
        }

        await FlushAsync(session, meter, watermark, cells, cancellationToken);
        logger.MeterBackfilled(meter.Slug, events);
    }

    private static async Task FlushAsync(
        DbSession session, Meter meter, Watermark watermark, UsageCells cells, CancellationToken cancellationToken)
    {
        await UsageDeltaTable.AppendAsync(session, watermark.Batch, cells, cancellationToken);
        await session.ExecuteAsync(Fold, new { meter.Number }, cancellationToken);
    }

    private const string ForgetSql = """
        with deltas as (
            delete from ingest.usage_delta where meter = @Number
        )
        delete from ingest.usage_hour where meter = @Number
        """;

    private static readonly string Fold = FoldSql.Of("meter = @Number");
}
