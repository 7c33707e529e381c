using Metering.Ingest.Events;
using Metering.Ingest.Meters;
using Metering.Ingest.Usage;
using Metering.Platform.Database;
using Microsoft.Extensions.Logging;
using NodaTime;
using Npgsql;

namespace Metering.Ingest.Rollups;

/// <summary>
/// Makes a new or changed meter count the events that are stored already, slice by slice of event time, each committed with how far it has
/// come. Recording goes on, and counts for the meter from its first moment; queries of the meter are answered from the events until all is
/// counted. A slice makes its hours anew, so that one done twice changes nothing.
/// </summary>
/// <param name="maxSliceEvents">Events of the meter's type in a slice, as long as it is wider than an hour.</param>
internal sealed class MeterBackfill(
    MeteringDatabase database, HourRestating restating, IClock clock, ILogger<MeterBackfill> logger,
    int maxSliceEvents = MeterBackfill.MaxSliceEvents)
{
    public const int MaxSliceEvents = 100_000;

    private static readonly Duration Hour = Duration.FromHours(1);

    /// <summary>Before a meter is changed, for no longer than the transaction takes: nothing is recorded or folded meanwhile.</summary>
    public static async Task<Watermark> StandStillAsync(DbSession session, CancellationToken cancellationToken)
    {
        await IngestLocks.RearrangeAsync(session, cancellationToken);
        await IngestLocks.StillAsync(session, cancellationToken);
        return await UsageReader.CurrentWatermarkAsync(session, cancellationToken);
    }

    /// <summary>Within the transaction that makes or changes the meter.</summary>
    public static Task BeginAsync(DbSession session, Meter meter, Watermark watermark, Instant now, CancellationToken cancellationToken) =>
        watermark.Batch == 0
            ? Task.CompletedTask
            : session.ExecuteAsync(BeginSql, new { meter.Number, now, EventLimits.EarliestTime }, cancellationToken);

    /// <summary>One slice of the meter that began first.</summary>
    /// <returns>True when there may be more to do.</returns>
    public async Task<bool> StepAsync(CancellationToken cancellationToken) =>
        await CountTotalAsync(cancellationToken) || await CountSliceAsync(cancellationToken);

    /// <summary>How much there is to count is said first, in a step of its own that holds nobody up.</summary>
    private async Task<bool> CountTotalAsync(CancellationToken cancellationToken)
    {
        await using var session = await database.BeginAsync(cancellationToken);
        if (await session.FirstOrNoneAsync<Progress>(NextSql, null, cancellationToken) is not { Total: null } progress)
        {
            return false;
        }

        await using var command = new NpgsqlCommand(TotalSql, session.Connection) { CommandTimeout = 0 };
        command.Parameters.AddWithValue("meter", progress.Meter);
        await command.ExecuteNonQueryAsync(cancellationToken);
        await session.CommitAsync(cancellationToken);
        return true;
    }

    private async Task<bool> CountSliceAsync(CancellationToken cancellationToken)
    {
        await using var session = await database.BeginAsync(cancellationToken);
        await IngestLocks.RearrangeAsync(session, cancellationToken);
        if (await session.FirstOrNoneAsync<Progress>(NextSql, null, cancellationToken) is not { } progress)
        {
            return false;
        }

        var meter = (await MeterCatalog.ListAsync(includeDeleted: false, session, cancellationToken))
            .Single(meter => meter.Number == progress.Meter);
        var watermark = await restating.WatermarkAsync(cancellationToken);
        var from = progress.CountedTo;
        var to = await EndOfSliceAsync(session, meter, from, cancellationToken);
        var counted = await restating.RestateAsync(session, new CompiledMeter(meter), from, to, [], watermark, cancellationToken);
        var finished = to >= EventLimits.LatestTime;
        await session.ExecuteAsync(
            DoneSql, new { progress.Meter, to, counted, finishedAt = finished ? clock.GetCurrentInstant() : (Instant?)null }, cancellationToken);
        await session.CommitAsync(cancellationToken);
        if (finished)
        {
            logger.MeterBackfilled(meter.Slug, progress.Counted + counted);
        }

        return true;
    }

    /// <summary>All the time that is left, or a half of it, or a quarter, until the slice has few enough events or is one hour.</summary>
    private async Task<Instant> EndOfSliceAsync(DbSession session, Meter meter, Instant from, CancellationToken cancellationToken)
    {
        var hours = (long)(EventLimits.LatestTime - from).TotalHours;
        while (hours > 1 && await session.SingleAsync<bool>(
            IsFullSql, new { meter.EventType, from, to = from + (Hour * hours), maxSliceEvents }, cancellationToken))
        {
            hours /= 2;
        }

        return from + (Hour * hours);
    }

    private const string BeginSql = """
        insert into ingest.meter_backfill (meter, started_at, counted_to, counted)
        values (@Number, @now, @EarliestTime, 0)
        on conflict (meter) do update
        set started_at = @now, counted_to = @EarliestTime, counted = 0, total = null, finished_at = null
        """;

    private const string NextSql = """
        select b.meter, b.counted_to as countedTo, b.counted, b.total
        from ingest.meter_backfill b
        join ingest.meter m on m.number = b.meter and m.deleted_at is null
        where b.finished_at is null
        order by b.started_at, b.meter
        limit 1
        """;

    private const string TotalSql = """
        update ingest.meter_backfill
        set total = (
            select count(*)
            from ingest.event e
            join ingest.meter m on m.event_type = e.type
            where m.number = @meter)
        where meter = @meter
        """;

    private const string IsFullSql = """
        select count(*) > @maxSliceEvents
        from (
            select from ingest.event
            where type = @EventType and time >= @from and time < @to
            limit @maxSliceEvents + 1
        ) as slice
        """;

    private const string DoneSql = """
        update ingest.meter_backfill
        set counted_to = @to, counted = counted + @counted, finished_at = @finishedAt
        where meter = @Meter
        """;

    private sealed record Progress(int Meter, Instant CountedTo, long Counted, long? Total);
}
