using System.Text;
using Metering.Ingest.Events;
using Metering.Platform.Database;

namespace Metering.Ingest.Recording;

/// <summary>Keeps what came under a known source and id with other content. The same conflict sent again is one row.</summary>
internal static class ConflictTable
{
    public static Task AddAsync(DbSession session, long batch, IReadOnlyList<EventConflict> conflicts, CancellationToken cancellationToken)
    {
        var parameters = new
        {
            batch,
            keys = conflicts.Select(conflict => conflict.Event.Key).ToArray(),
            hashes = conflicts.Select(conflict => BatchPlan.HashOf(conflict.Event)).ToArray(),
            firstHashes = conflicts.Select(conflict => conflict.FirstPayloadHash).ToArray(),
            times = conflicts.Select(conflict => conflict.Event.Time.ToDateTimeUtc()).ToArray(),
            types = conflicts.Select(conflict => conflict.Event.Type).ToArray(),
            subjects = conflicts.Select(conflict => conflict.Event.Subject).ToArray(),
            sources = conflicts.Select(conflict => conflict.Event.Source).ToArray(),
            ids = conflicts.Select(conflict => conflict.Event.Id).ToArray(),
            data = conflicts.Select(conflict => DataOf(conflict.Event)).ToArray(),
        };
        return session.ExecuteAsync(InsertSql, parameters, cancellationToken);
    }

    private static string? DataOf(UsageEvent usageEvent) => usageEvent.Data.IsEmpty ? null : Encoding.UTF8.GetString(usageEvent.Data.Span);

    private const string InsertSql = """
        insert into ingest.event_conflict (key, payload_hash, first_payload_hash, batch, time, type, subject, source, id, data)
        select c.key, c.hash, c.first_hash, @batch, c.time, c.type, c.subject, c.source, c.id, c.data
        from unnest(@keys, @hashes, @firstHashes, @times, @types, @subjects, @sources, @ids, @data)
            as c (key, hash, first_hash, time, type, subject, source, id, data)
        on conflict do nothing
        """;
}
