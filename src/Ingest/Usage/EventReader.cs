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
        var keys = new List<Guid>();
        var position = 0;
        var scan = new EventScan(session, new CompiledMeter(meter), query);
        await foreach (var (counted, _) in scan.ReadAsync(from, to, inOrder: true, cancellationToken))
        {
            if (position++ >= offset)
            {
                keys.Add(counted.Key);
            }

            if (keys.Count == MaxEvents)
            {
                break;
            }
        }

        return [.. await session.QueryAsync<RecordedEvent>(ByKeySql, new { keys = keys.ToArray() }, cancellationToken)];
    }

    private const string ByKeySql = """
        select e.id, e.source, e.type, e.subject, e.time, e.data as payload, b.recorded_at as recordedAt, e.batch,
               e.validation_error as validationError
        from ingest.event e
        join ingest.batch b on b.batch = e.batch
        where e.key = any(@keys)
        order by e.time, e.id collate "C", e.key
        """;
}
