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

    /// <summary>As it was recorded and can be seen. More than one, oldest first, when a backfill was reverted and the event came again.</summary>
    public static Task<IReadOnlyList<RecordedVersion>> RecordedAsync(DbSession session, Guid key, CancellationToken cancellationToken) =>
        session.QueryAsync<RecordedVersion>(RecordedSql, new { key }, cancellationToken);

    // A key tells the time of its event, and so the month and blocks in which it lies. The event of a reverted backfill has no key any more.
    private const string RecordedSql = """
        select e.batch as eventBatch, coalesce(b.batch, f.batch) as batch, coalesce(b.recorded_at, f.closed_at) as recordedAt,
               f.reverted_batch is not null as reverted, e.time, e.type, e.subject, e.source, e.id, e.data, e.extensions
        from ingest.event e
        left join ingest.batch b on b.batch = e.batch
        left join ingest.backfill f on f.event_batch = e.batch
        where e.key = @key and e.time = (select k.time from ingest.event_key k where k.key = @key) and (b.batch is not null or f.batch is not null)
        order by coalesce(b.batch, f.batch)
        """;

    private const string FindSql = """
        select e.key, e.batch, e.time as recordedTime, coalesce(c.time, e.time) as time, coalesce(c.type, e.type) as type,
               coalesce(c.subject, e.subject) as subject, e.source, e.id, case when c.key is null then e.data else c.data end as data,
               e.extensions, coalesce(c.kind = 'void', false) as voided
        from ingest.event_key k
        cross join lateral (
            select v.*
            from ingest.event v
            where v.key = k.key and v.time = k.time
              and (v.batch <= @Latest or v.batch in (
                      select f.event_batch from ingest.backfill f where f.batch is not null and f.reverted_batch is null))
        ) as e
        left join lateral (
            select c.*
            from ingest.event_correction c
            where c.key = e.key and c.event_batch = e.batch
            order by c.batch desc
            limit 1
        ) as c on true
        where k.key = any(@keys)
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
