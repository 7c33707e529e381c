using System.Collections.Immutable;
using Metering.Ingest.Events;
using Metering.Ingest.Meters;
using Metering.Platform.Database;
using NodaTime;

namespace Metering.Ingest.Usage;

/// <summary>Reads stored events: the evidence behind every number.</summary>
public sealed class EventReader(MeteringDatabase database)
{
    public const int MaxEvents = 100;

    /// <summary>The events that a usage query counts, in order of time and id, at most <see cref="MaxEvents"/> after the offset.</summary>
    public async Task<ImmutableArray<RecordedEvent>> BehindAsync(UsageQuery query, int offset, CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(cancellationToken);
        if (await MeterCatalog.FindAsync(query.MeterSlug, session, cancellationToken) is not { } meter)
        {
            throw new InvalidOperationException($"There is no meter {query.MeterSlug}.");
        }

        var from = Instant.Max(query.From ?? EventLimits.EarliestTime, EventLimits.EarliestTime);
        var to = Instant.Min(query.To ?? EventLimits.LatestTime, EventLimits.LatestTime);
        var found = new List<CountedEvent>();
        var position = 0;
        var scan = new EventScan(session, new CompiledMeter(meter), query);
        await foreach (var (counted, _) in scan.ReadAsync(from, to, inOrder: true, cancellationToken))
        {
            if (position++ >= offset)
            {
                found.Add(counted);
            }

            if (found.Count == MaxEvents)
            {
                break;
            }
        }

        if (found.Count == 0)
        {
            return [];
        }

        var parameters = new
        {
            keys = found.Select(counted => counted.Key).ToArray(),
            earliest = found[0].Time,
            latest = found[^1].Time,
            watermark = query.AsRecordedBy?.Batch ?? Watermark.Latest,
        };
        return [.. await session.QueryAsync<RecordedEvent>(ByKeySql, parameters, cancellationToken)];
    }

    private const string ByKeySql = """
        select e.id, e.source, e.type, e.subject, e.time, e.data as payload, coalesce(b.recorded_at, f.closed_at) as recordedAt,
               coalesce(b.batch, f.batch) as batch, e.validation_error as validationError
        from ingest.event_version(@watermark) e
        left join ingest.batch b on b.batch = e.batch
        left join ingest.backfill f on f.event_batch = e.batch
        where e.key = any(@keys) and e.time >= @earliest and e.time <= @latest
        order by e.time, e.id collate "C", e.key
        """;
}
