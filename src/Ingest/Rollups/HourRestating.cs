using Metering.Ingest.Meters;
using Metering.Ingest.Usage;
using Metering.Platform.Database;
using NodaTime;

namespace Metering.Ingest.Rollups;

/// <summary>
/// Makes hours of a meter anew from the events: after a correction, after a backfill was closed or reverted, and for a meter that is new. Nothing
/// stops meanwhile. The watermark is taken when nobody else can rearrange, and the hours hold everything up to it afterwards; what is
/// recorded later lies in the deltas and is added as ever.
/// </summary>
internal sealed class HourRestating(MeteringDatabase database, UsageReader usage)
{
    /// <summary>How much is added up in memory before it goes into the tables.</summary>
    private const int MaxCells = 50_000;

    /// <summary>Within a transaction that holds the lock on rearranging.</summary>
    public Task<Watermark> WatermarkAsync(CancellationToken cancellationToken) => usage.CurrentWatermarkAsync(cancellationToken);

    /// <summary>
    /// What is asked for without the months whose events were detached: of those the rollups are all there is, and they stay as they are.
    /// </summary>
    /// <param name="from">A whole hour.</param>
    /// <param name="to">Exclusive, a whole hour.</param>
    /// <param name="subjects">Empty: all of them.</param>
    /// <returns>How many events were counted.</returns>
    public async Task<long> RestateAsync(
        DbSession session, CompiledMeter meter, Instant from, Instant to, string[] subjects, Watermark watermark,
        CancellationToken cancellationToken)
    {
        var events = 0L;
        foreach (var month in await session.QueryAsync<DetachedMonth>(DetachedSql, new { from, to }, cancellationToken))
        {
            if (from < month.Start)
            {
                events += await RestateSpanAsync(session, meter, from, month.Start, subjects, watermark, cancellationToken);
            }

            from = Instant.Min(to, month.End);
        }

        return from < to ? events + await RestateSpanAsync(session, meter, from, to, subjects, watermark, cancellationToken) : events;
    }

    private async Task<long> RestateSpanAsync(
        DbSession session, CompiledMeter meter, Instant from, Instant to, string[] subjects, Watermark watermark,
        CancellationToken cancellationToken)
    {
        var span = new { meter.Meter.Number, from, to, subjects, watermark = watermark.Batch };
        await session.ExecuteAsync(ForgetSql, span, cancellationToken);

        // Read on a connection of its own, which sees all that is committed; this one is busy copying.
        await using var separate = await database.OpenAsync(cancellationToken);
        var query = new UsageQuery(meter.Meter.Slug, from, to) { AsRecordedBy = watermark, Subjects = [.. subjects] };
        var cells = new UsageCells();
        var events = 0L;
        await foreach (var (counted, reading) in new EventScan(separate, meter, query).ReadAsync(from, to, false, cancellationToken))
        {
            cells.Add(meter, reading, counted.Subject, counted.Time, counted.Key);
            events++;
            if (cells.Count == MaxCells)
            {
                await FlushAsync(session, span, watermark, cells, cancellationToken);
                cells = new UsageCells();
            }
        }

        await FlushAsync(session, span, watermark, cells, cancellationToken);
        await session.ExecuteAsync(DoneSql, span, cancellationToken);
        return events;
    }

    private static async Task FlushAsync(
        DbSession session, object span, Watermark watermark, UsageCells cells, CancellationToken cancellationToken)
    {
        await UsageDeltaTable.AppendAsync(session, watermark.Batch, cells, cancellationToken);
        await session.ExecuteAsync(Fold, span, cancellationToken);
    }

    private const string DetachedSql = """
        select month as start, (month at time zone 'UTC' + interval '1 month') at time zone 'UTC' as end
        from ingest.detached_month
        where month < @to and (month at time zone 'UTC' + interval '1 month') at time zone 'UTC' > @from
        order by month
        """;

    private const string ForgetSql = """
        with deltas as (
            delete from ingest.usage_delta
            where meter = @Number and hour >= @from and hour < @to and batch <= @watermark
              and (@subjects = '{}' or subject = any(@subjects))
        )
        delete from ingest.usage_hour
        where meter = @Number and hour >= @from and hour < @to
          and (@subjects = '{}' or subject = any(@subjects))
        """;

    /// <summary>A correction that came after the watermark stays pending.</summary>
    private const string DoneSql = """
        update ingest.restated_hour
        set pending = false
        where meter = @Number and hour >= @from and hour < @to and pending and batch <= @watermark
          and (@subjects = '{}' or subject = any(@subjects))
        """;

    private static readonly string Fold = FoldSql.Of("""
        meter = @Number and hour >= @from and hour < @to and batch <= @watermark
              and (@subjects = '{}' or subject = any(@subjects))
        """);

    private sealed record DetachedMonth(Instant Start, Instant End);
}
