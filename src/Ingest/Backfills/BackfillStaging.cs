using System.Text;
using Metering.Ingest.Events;
using Metering.Platform.Database;
using NodaTime;

namespace Metering.Ingest.Backfills;

/// <summary>
/// Where the events of a backfill wait. By key and content: what is loaded twice is there once, and what comes with other content is there beside
/// it, so that closing can tell the conflict.
/// </summary>
internal static class BackfillStaging
{
    public static Task AddAsync(
        DbSession session, int backfill, IReadOnlyList<UsageEvent> events, Instant now, CancellationToken cancellationToken)
    {
        var parameters = new
        {
            backfill,
            keys = events.Select(item => item.Key).ToArray(),
            hashes = events.Select(item => item.PayloadHash).ToArray(),
            times = events.Select(item => item.Time.ToDateTimeUtc()).ToArray(),
            types = events.Select(item => item.Type).ToArray(),
            subjects = events.Select(item => item.Subject).ToArray(),
            sources = events.Select(item => item.Source).ToArray(),
            ids = events.Select(item => item.Id).ToArray(),
            data = events.Select(item => item.Data.IsEmpty ? null : Encoding.UTF8.GetString(item.Data.Span)).ToArray(),
            extensions = events.Select(item => item.Extensions).ToArray(),
            received = events.Count,
            now,
        };
        return session.ExecuteAsync(AddSql, parameters, cancellationToken);
    }

    /// <returns>The next events by key, the one that came first before others of its key.</returns>
    public static async Task<IReadOnlyList<UsageEvent>> NextAsync(DbSession session, int backfill, int limit, CancellationToken cancellationToken)
    {
        var rows = await session.QueryAsync<StagedEvent>(NextSql, new { backfill, limit }, cancellationToken);
        return [.. rows.Select(row => row.ToEvent())];
    }

    public static Task RemoveAsync(DbSession session, int backfill, IReadOnlyList<UsageEvent> events, CancellationToken cancellationToken) =>
        session.ExecuteAsync(
            RemoveSql,
            new { backfill, keys = events.Select(item => item.Key).ToArray(), hashes = events.Select(item => item.PayloadHash).ToArray() },
            cancellationToken);

    /// <returns>How many were dropped; fewer than the limit when none is left.</returns>
    public static Task<int> DropAsync(DbSession session, int backfill, int limit, CancellationToken cancellationToken) =>
        session.ExecuteAsync(DropSql, new { backfill, limit }, cancellationToken);

    private const string AddSql = """
        with added as (
            insert into ingest.backfill_event (backfill, key, payload_hash, time, type, subject, source, id, data, extensions)
            select @backfill, e.key, e.hash, e.time, e.type, e.subject, e.source, e.id, e.data, e.extensions
            from unnest(@keys, @hashes, @times, @types, @subjects, @sources, @ids, @data::text[], @extensions::text[])
                with ordinality as e (key, hash, time, type, subject, source, id, data, extensions, place)
            order by e.place
            on conflict (backfill, key, payload_hash) do nothing
            returning 1
        )
        update ingest.backfill
        set received = received + @received,
            staged = staged + (select count(*) from added),
            duplicate = duplicate + @received - (select count(*) from added),
            updated_at = @now
        where number = @backfill
        """;

    private const string NextSql = """
        select key, payload_hash as payloadHash, time, type, subject, source, id, data, extensions
        from ingest.backfill_event
        where backfill = @backfill
        order by key, position
        limit @limit
        """;

    private const string RemoveSql = """
        delete from ingest.backfill_event e
        using unnest(@keys, @hashes) as gone (key, hash)
        where e.backfill = @backfill and e.key = gone.key and e.payload_hash = gone.hash
        """;

    private const string DropSql = """
        delete from ingest.backfill_event
        where ctid = any(array(select ctid from ingest.backfill_event where backfill = @backfill limit @limit))
        """;

    private sealed record StagedEvent(
        Guid Key, Guid PayloadHash, Instant Time, string Type, string Subject, string Source, string Id, string? Data, string? Extensions)
    {
        public UsageEvent ToEvent() => new(
            Id, Source, Type, Subject, Time, Data is null ? default : Encoding.UTF8.GetBytes(Data), Extensions, Key, PayloadHash);
    }
}
