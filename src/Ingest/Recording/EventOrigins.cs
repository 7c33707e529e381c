using System.Collections.Concurrent;
using Metering.Ingest.Events;
using Metering.Platform.Database;

namespace Metering.Ingest.Recording;

/// <summary>
/// The number of each pair of type and source, which every event carries instead of both texts. New pairs are committed before the batch
/// that brings them: a number without events does no harm, and nobody waits for a batch because of a pair.
/// </summary>
internal sealed class EventOrigins(MeteringDatabase database)
{
    /// <summary>Senders that make up a source for every event do not fill the memory: it is begun anew.</summary>
    private const int MaxRemembered = 10_000;

    private readonly ConcurrentDictionary<(string Type, string Source), int> numbers = new();

    /// <returns>One number per event, in order.</returns>
    public async Task<int[]> OfAsync(IReadOnlyList<UsageEvent> events, CancellationToken cancellationToken)
    {
        var origins = new int[events.Count];
        var missing = new HashSet<(string Type, string Source)>();
        for (var i = 0; i < origins.Length; i++)
        {
            if (!numbers.TryGetValue((events[i].Type, events[i].Source), out origins[i]))
            {
                missing.Add((events[i].Type, events[i].Source));
            }
        }

        if (missing.Count > 0)
        {
            var added = await AddAsync(missing, cancellationToken);
            for (var i = 0; i < origins.Length; i++)
            {
                origins[i] = origins[i] != 0 ? origins[i] : added[(events[i].Type, events[i].Source)];
            }
        }

        return origins;
    }

    private async Task<Dictionary<(string Type, string Source), int>> AddAsync(
        HashSet<(string Type, string Source)> missing, CancellationToken cancellationToken)
    {
        // In one order, so that two writers with the same new pairs do not deadlock.
        var pairs = missing.Select(pair => (Digest: Digest.Of($"{pair.Type}\u001f{pair.Source}"), Pair: pair)).OrderBy(pair => pair.Digest).ToArray();
        var parameters = new
        {
            digests = pairs.Select(pair => pair.Digest).ToArray(),
            types = pairs.Select(pair => pair.Pair.Type).ToArray(),
            sources = pairs.Select(pair => pair.Pair.Source).ToArray(),
        };
        await using var session = await database.OpenAsync(cancellationToken);
        await session.ExecuteAsync(AddSql, parameters, cancellationToken);
        var found = (await session.QueryAsync<NumberedOrigin>(FindSql, parameters, cancellationToken))
            .ToDictionary(row => row.Digest, row => row.Number);
        if (numbers.Count + pairs.Length > MaxRemembered)
        {
            numbers.Clear();
        }

        foreach (var (digest, pair) in pairs.Take(MaxRemembered))
        {
            numbers[pair] = found[digest];
        }

        return pairs.ToDictionary(pair => pair.Pair, pair => found[pair.Digest]);
    }

    private const string AddSql = """
        insert into ingest.event_origin (digest, type, source)
        select o.digest, o.type, o.source
        from unnest(@digests, @types, @sources) as o (digest, type, source)
        where not exists (select from ingest.event_origin known where known.digest = o.digest)
        on conflict (digest) do nothing
        """;

    private const string FindSql = "select number, digest from ingest.event_origin where digest = any(@digests)";

    private sealed record NumberedOrigin(int Number, Guid Digest);
}
