using Metering.Ingest.Rollups;
using Metering.Platform.Database;
using NodaTime;

namespace Metering.Ingest.Sources;

/// <summary>Adds up what batches have appended of their sources, one at a time. Whoever asks for sources folds first, and sees all of it.</summary>
internal sealed class SourceFolding(MeteringDatabase database)
{
    /// <summary>More sources than this are a mistake, such as an id in the place of the source: they are stored with their events alone.</summary>
    public const int MaxSources = 100_000;

    /// <summary>Of one source. The numbering that was used longest ago is given up for a new one.</summary>
    public const int MaxEpochs = 100;

    private const int MaxRuns = 10_000;

    public async Task FoldAsync(CancellationToken cancellationToken)
    {
        while (await FoldSomeAsync(cancellationToken) == MaxRuns)
        {
        }
    }

    /// <returns>How much was folded.</returns>
    private async Task<int> FoldSomeAsync(CancellationToken cancellationToken)
    {
        await using (var look = await database.OpenAsync(cancellationToken))
        {
            if (!await look.SingleAsync<bool>("select exists (select from ingest.source_run)", null, cancellationToken))
            {
                return 0;
            }
        }

        await using var session = await database.BeginAsync(cancellationToken);
        await IngestLocks.SourcesAsync(session, cancellationToken);
        var runs = await session.QueryAsync<TakenRun>(TakeSql, new { MaxRuns }, cancellationToken);
        await CountAsync(session, runs, cancellationToken);
        foreach (var numbering in runs.Where(run => run.First is not null).GroupBy(run => (run.SourceKey, run.Epoch)))
        {
            await NumberAsync(session, numbering.Key.SourceKey, numbering.Key.Epoch, [.. numbering], cancellationToken);
        }

        IngestMetrics.SequenceMissing = await session.SingleAsync<long>(MissingSql, null, cancellationToken);
        await session.CommitAsync(cancellationToken);
        return runs.Count;
    }

    private static async Task CountAsync(DbSession session, IReadOnlyList<TakenRun> runs, CancellationToken cancellationToken)
    {
        var sources = runs.GroupBy(run => run.SourceKey).Select(group => (
            group.Key, group.First().Source, Events: group.Sum(run => run.Events),
            First: group.Min(run => run.SeenAt), Last: group.Max(run => run.SeenAt)))
            .ToArray();
        var parameters = new
        {
            keys = sources.Select(source => source.Key).ToArray(),
            names = sources.Select(source => source.Source).ToArray(),
            events = sources.Select(source => source.Events).ToArray(),
            firsts = sources.Select(source => source.First.ToDateTimeUtc()).ToArray(),
            lasts = sources.Select(source => source.Last.ToDateTimeUtc()).ToArray(),
            MaxSources,
        };
        await session.ExecuteAsync(CountSql, parameters, cancellationToken);
    }

    private static async Task NumberAsync(
        DbSession session, Guid key, string epoch, IReadOnlyList<TakenRun> runs, CancellationToken cancellationToken)
    {
        var lastSeenAt = runs.Max(run => run.SeenAt);
        if (await session.FirstOrNoneAsync<Numbering>(OpenSql, new { key, epoch, lastSeenAt }, cancellationToken) is not { } numbering)
        {
            return;
        }

        var open = await session.QueryAsync<SequenceGap>(GapsSql, new { key, epoch }, cancellationToken);
        var gaps = new SequenceGaps(numbering.Highest, numbering.Forgotten, open);
        foreach (var run in runs.OrderBy(run => run.First))
        {
            gaps.Receive(run.First!.Value, run.Last!.Value, run.SeenAt);
        }

        var left = gaps.Open.ToArray();
        var parameters = new
        {
            key,
            epoch,
            gaps.Highest,
            gaps.Forgotten,
            lastSeenAt,
            firsts = left.Select(gap => gap.First).ToArray(),
            lasts = left.Select(gap => gap.Last).ToArray(),
            sinces = left.Select(gap => gap.Since.ToDateTimeUtc()).ToArray(),
            MaxEpochs,
        };
        await session.ExecuteAsync(StoreSql, parameters, cancellationToken);
    }

    private const string TakeSql = """
        delete from ingest.source_run
        where ctid = any(array(select ctid from ingest.source_run limit @MaxRuns))
        returning source_key as sourceKey, source, epoch, first, last, events, seen_at as seenAt
        """;

    private const string CountSql = """
        insert into ingest.source as s (key, source, events, first_seen_at, last_seen_at)
        select n.key, n.name, n.events, n.first, n.last
        from unnest(@keys, @names, @events, @firsts, @lasts) as n (key, name, events, first, last)
        where exists (select from ingest.source known where known.key = n.key)
           or (select count(*) from ingest.source) < @MaxSources
        order by n.key
        on conflict (key) do update
        set events = s.events + excluded.events,
            first_seen_at = least(s.first_seen_at, excluded.first_seen_at),
            last_seen_at = greatest(s.last_seen_at, excluded.last_seen_at)
        """;

    // No row comes back for a source that is not kept.
    private const string OpenSql = """
        insert into ingest.source_sequence as q (source_key, epoch, highest, forgotten, last_seen_at)
        select key, @epoch, 0, 0, @lastSeenAt from ingest.source where key = @key
        on conflict (source_key, epoch) do update
        set last_seen_at = greatest(q.last_seen_at, excluded.last_seen_at)
        returning q.highest, q.forgotten
        """;

    private const string GapsSql = "select first, last, since from ingest.source_gap where source_key = @key and epoch = @epoch";

    private const string StoreSql = """
        update ingest.source_sequence set highest = @Highest, forgotten = @Forgotten where source_key = @key and epoch = @epoch;
        delete from ingest.source_gap where source_key = @key and epoch = @epoch;
        insert into ingest.source_gap (source_key, epoch, first, last, since)
        select @key, @epoch, g.first, g.last, g.since from unnest(@firsts, @lasts, @sinces) as g (first, last, since);
        delete from ingest.source_sequence
        where source_key = @key
          and epoch in (
              select epoch from ingest.source_sequence where source_key = @key order by last_seen_at desc, epoch offset @MaxEpochs
          )
        """;

    private const string MissingSql = """
        select ((select coalesce(sum(last - first + 1), 0) from ingest.source_gap)
            + (select coalesce(sum(forgotten), 0) from ingest.source_sequence))::bigint
        """;

    private sealed record Numbering(long Highest, long Forgotten);

    private sealed record TakenRun(Guid SourceKey, string Source, string Epoch, long? First, long? Last, long Events, Instant SeenAt);
}
