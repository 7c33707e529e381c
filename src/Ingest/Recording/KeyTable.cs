using Metering.Ingest.Events;
using Metering.Platform.Database;

namespace Metering.Ingest.Recording;

/// <summary>The keys of all events ever recorded, each with the hash of what its event says and the event's time.</summary>
internal static class KeyTable
{
    private const short Columns = 3;

    /// <summary>Appends keys that are taken for new: nothing is cheaper, and the whole transaction fails if one is not.</summary>
    /// <param name="which">Indexes into the plan's keys, ascending.</param>
    public static async Task CopyAsync(
        DbSession session, IReadOnlyList<UsageEvent> events, BatchPlan plan, IReadOnlyList<int> which, CancellationToken cancellationToken)
    {
        await using var rows = await CopyRows.BeginAsync(session, CopySql, cancellationToken);
        foreach (var index in which)
        {
            var usageEvent = events[plan.Firsts[index]];
            await rows.StartRowAsync(Columns, cancellationToken);
            rows.Write(usageEvent.Key);
            rows.Write(BatchPlan.HashOf(usageEvent));
            rows.Write(usageEvent.Time);
        }

        await rows.CompleteAsync(cancellationToken);
    }

    /// <summary>
    /// Adds those that are new, and waits for whoever is just adding one of them: dearer by the row, and it can not fail.
    /// </summary>
    /// <param name="known">Filled with those that are not new.</param>
    public static async Task AddAsync(
        DbSession session, IReadOnlyList<UsageEvent> events, BatchPlan plan, IReadOnlyList<int> which, Dictionary<Guid, long> known,
        CancellationToken cancellationToken)
    {
        UsageEvent[] firsts = [.. which.Select(index => events[plan.Firsts[index]])];
        var parameters = new
        {
            keys = firsts.Select(usageEvent => usageEvent.Key).ToArray(),
            hashes = firsts.Select(BatchPlan.HashOf).ToArray(),
            times = firsts.Select(usageEvent => usageEvent.Time.ToDateTimeUtc()).ToArray(),
        };
        var added = (await session.QueryAsync<Guid>(AddSql, parameters, cancellationToken)).ToHashSet();
        if (added.Count < firsts.Length)
        {
            await FindAsync(session, [.. parameters.keys.Where(key => !added.Contains(key))], known, cancellationToken);
        }
    }

    /// <param name="known">Filled with those that are stored.</param>
    public static async Task FindAsync(DbSession session, Guid[] keys, Dictionary<Guid, long> known, CancellationToken cancellationToken)
    {
        foreach (var row in await session.QueryAsync<KnownKey>(KnownSql, new { keys }, cancellationToken))
        {
            known.Add(row.Key, row.PayloadHash);
        }
    }

    private const string CopySql = "copy ingest.event_key (key, payload_hash, time) from stdin (format binary)";

    private const string AddSql = """
        insert into ingest.event_key (key, payload_hash, time)
        select k.key, k.hash, k.time
        from unnest(@keys, @hashes, @times) as k (key, hash, time)
        on conflict (key) do nothing
        returning key
        """;

    private const string KnownSql = """
        select key, payload_hash as payloadHash
        from ingest.event_key
        where key = any(@keys)
        """;

    private sealed record KnownKey(Guid Key, long PayloadHash);
}
