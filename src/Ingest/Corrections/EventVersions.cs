using System.Text.Json;
using Metering.Ingest.Events;
using Metering.Ingest.Usage;
using Metering.Platform.Database;
using NodaTime;

namespace Metering.Ingest.Corrections;

/// <summary>Finds what recorded events say now.</summary>
internal static class EventVersions
{
    public static async Task<IReadOnlyDictionary<Guid, EventVersion>> FindAsync(
        DbSession session, Guid[] keys, CancellationToken cancellationToken)
    {
        var found = await session.QueryAsync<EventVersion>(FindSql, new { keys, Watermark.Latest }, cancellationToken);
        return found.ToDictionary(version => version.Key);
    }

    /// <summary>As they were recorded and can be seen, oldest first: more than one only when a backfill was reverted and the event came again.</summary>
    public static Task<IReadOnlyList<RecordedVersion>> RecordedAsync(DbSession session, Guid key, CancellationToken cancellationToken) =>
        session.QueryAsync<RecordedVersion>(RecordedSql, new { key }, cancellationToken);

    private const string RecordedSql = """
        select e.batch as eventBatch, coalesce(b.batch, f.batch) as batch, coalesce(b.recorded_at, f.closed_at) as recordedAt,
               f.reverted_batch is not null as reverted, e.time, e.type, e.subject, e.source, e.id, e.data, e.extensions
        from ingest.event e
        left join ingest.batch b on b.batch = e.batch
        left join ingest.backfill f on f.event_batch = e.batch
        where e.key = @key and (b.batch is not null or f.batch is not null)
        order by coalesce(b.batch, f.batch)
        """;

    private const string FindSql = """
        select e.key, e.batch, e.time as recordedTime, e.time, e.type, e.subject, e.source, e.id, e.data, e.extensions, e.voided
        from ingest.event_version(@Latest) e
        where e.key = any(@keys)
        """;
}

/// <summary>An event as it was recorded.</summary>
/// <param name="EventBatch">As its row says; a number of its own for one of a backfill.</param>
/// <param name="Batch">The first watermark that sees it.</param>
internal sealed record RecordedVersion(
    long EventBatch, long Batch, Instant RecordedAt, bool Reverted, Instant Time, string Type, string Subject, string Source, string Id,
    string? Data, string? Extensions)
{
    public JsonElement Show() => EventJson.Element(Id, Source, Type, Subject, Time, Data, Extensions);
}
