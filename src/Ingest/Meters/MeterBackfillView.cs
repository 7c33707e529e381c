using NodaTime;

namespace Metering.Ingest.Meters;

/// <summary>How far a meter has counted the events that were stored before it was made or changed.</summary>
/// <param name="Status"><c>running</c>: events are read for every answer, which is right and slower; or <c>complete</c>.</param>
/// <param name="Events">How many were counted so far.</param>
/// <param name="EventsTotal">How many events of its type were stored at the start; absent until they are counted.</param>
public sealed record MeterBackfillView(string Status, long Events, long? EventsTotal, Instant StartedAt, Instant? FinishedAt)
{
    internal bool IsRunning => FinishedAt is null;

    internal static MeterBackfillView Of(long events, long? total, Instant startedAt, Instant? finishedAt) =>
        new(finishedAt is null ? "running" : "complete", events, total, startedAt, finishedAt);
}
