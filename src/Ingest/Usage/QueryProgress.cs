using System.Collections.Concurrent;
using NodaTime;

namespace Metering.Ingest.Usage;

/// <summary>
/// How far the queries are that were asked with a client id. A query is answered in one go, so it is either underway or over. Kept in this
/// process, of the latest queries only.
/// </summary>
public sealed class QueryProgress
{
    private const int MaxKept = 1_000;

    private readonly ConcurrentDictionary<string, Progress> known = new(StringComparer.Ordinal);
    private readonly ConcurrentQueue<string> order = [];

    /// <summary>Null when no such query was asked lately.</summary>
    internal Progress? Find(string clientId) => known.GetValueOrDefault(clientId);

    internal void Begin(string? clientId, Instant now)
    {
        if (clientId is null)
        {
            return;
        }

        if (known.TryAdd(clientId, new Progress(0, 0, 1, now)))
        {
            order.Enqueue(clientId);
            while (order.Count > MaxKept && order.TryDequeue(out var oldest))
            {
                known.TryRemove(oldest, out _);
            }
        }
        else
        {
            known[clientId] = new Progress(0, 0, 1, now);
        }
    }

    internal void End(string? clientId, bool succeeded, Instant now)
    {
        if (clientId is not null && known.TryGetValue(clientId, out var begun))
        {
            known.TryUpdate(clientId, begun with { Success = succeeded ? 1 : 0, Failed = succeeded ? 0 : 1, UpdatedAt = now }, begun);
        }
    }
}
