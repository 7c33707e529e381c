using Metering.Ingest.Meters;
using Metering.Platform.Clock;
using Metering.Platform.Database;
using NodaTime;

namespace Metering.Ingest.Rollups;

/// <summary>Takes what waits to be restated, a few hours at a time, and lets new meters count stored events when nothing else waits.</summary>
internal sealed class RestatingQueue(MeteringDatabase database, HourRestating restating, MeterBackfill backfill, RollupFolding folding) : IDrain
{
    private const int MaxHours = 72;

    /// <summary>All that waits. Between two steps recording's deltas are folded, which has to stand back while hours are rearranged.</summary>
    public async Task DrainAsync(CancellationToken cancellationToken)
    {
        while (await StepAsync(cancellationToken))
        {
            await folding.FoldAsync(cancellationToken);
        }
    }

    /// <returns>True when there may be more to do.</returns>
    public async Task<bool> StepAsync(CancellationToken cancellationToken) =>
        await AnyAsync(cancellationToken)
        && (await RestateSomeAsync(cancellationToken) || await backfill.StepAsync(cancellationToken));

    private async Task<bool> RestateSomeAsync(CancellationToken cancellationToken)
    {
        await using var session = await database.BeginAsync(cancellationToken);
        await IngestLocks.RearrangeAsync(session, cancellationToken);
        var hours = await session.QueryAsync<PendingHour>(NextSql, new { MaxHours }, cancellationToken);
        if (hours.Count == 0)
        {
            return false;
        }

        var watermark = await restating.WatermarkAsync(cancellationToken);
        var meters = await MeterCatalog.ListAsync(includeDeleted: false, session, cancellationToken);
        var meter = new CompiledMeter(meters.Single(meter => meter.Number == hours[0].Meter));
        foreach (var (from, to, subjects) in SpansOf(hours))
        {
            await restating.RestateAsync(session, meter, from, to, subjects, watermark, cancellationToken);
        }

        await session.CommitAsync(cancellationToken);
        return true;
    }

    /// <summary>Hours that follow one another and concern every subject are read in one go.</summary>
    private static List<(Instant From, Instant To, string[] Subjects)> SpansOf(IReadOnlyList<PendingHour> hours)
    {
        var spans = new List<(Instant From, Instant To, string[] Subjects)>();
        foreach (var hour in hours)
        {
            string[] subjects = hour.Subjects.Contains(RestatedHours.AllSubjects) ? [] : hour.Subjects;
            var end = hour.Hour + Duration.FromHours(1);
            if (subjects.Length == 0 && spans is [.., { Subjects.Length: 0 } last] && last.To == hour.Hour)
            {
                spans[^1] = last with { To = end };
            }
            else
            {
                spans.Add((hour.Hour, end, subjects));
            }
        }

        return spans;
    }

    /// <summary>A look without a lock, so that an idle system stays idle.</summary>
    private async Task<bool> AnyAsync(CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(cancellationToken);
        return await session.SingleAsync<bool>(AnySql, null, cancellationToken);
    }

    // A meter that still counts its stored events makes every hour anew by itself.
    private const string Pending = """
        from ingest.restated_hour r
        join ingest.meter m on m.number = r.meter and m.deleted_at is null
        where r.pending
          and not exists (select from ingest.meter_backfill b where b.meter = r.meter and b.finished_at is null)
        """;

    private const string AnySql = $"""
        select exists (select {Pending})
            or exists (
                select from ingest.meter_backfill b
                join ingest.meter m on m.number = b.meter and m.deleted_at is null
                where b.finished_at is null)
        """;

    private const string NextSql = $"""
        select r.meter, r.hour, array_agg(r.subject) as subjects
        {Pending}
          and r.meter = (select r.meter {Pending} order by r.batch, r.meter limit 1)
        group by r.meter, r.hour
        order by r.hour
        limit @MaxHours
        """;

    private sealed class PendingHour
    {
        public int Meter { get; init; }
        public Instant Hour { get; init; }
        public string[] Subjects { get; init; } = [];
    }
}
