using System.Collections.Concurrent;
using System.Collections.Immutable;
using Metering.Contracts.Sidecar;
using Metering.Platform.Database;
using Metering.Platform.Identifiers;
using Metering.Subscriptions.Snapshots;

namespace Metering.Subscriptions.Leases;

/// <summary>
/// Asks sidecars over their snapshot streams for what they hold of pools in which somebody waits and nothing is free, and waits a moment for
/// it. A sidecar that follows another process of Host, or does not answer in time, keeps what it has; the wait is all that is lost.
/// </summary>
internal sealed class LeaseRecalls(MeteringDatabase database, SidecarStreams streams)
{
    private static readonly TimeSpan Limit = TimeSpan.FromMilliseconds(50);

    private readonly ConcurrentDictionary<long, Recalling> underWay = new();
    private long sequence;

    /// <returns>False when nobody was there to be asked: nothing can have changed.</returns>
    public async Task<bool> RecallAsync(ImmutableArray<LeaseRequest> starved, string sidecarId, CancellationToken cancellationToken)
    {
        Guid[] entitlementIds = [.. starved.Select(one => PublicId.TryParse(one.EntitlementId, out var id) ? id : Guid.Empty).Distinct()];
        IReadOnlyList<string> holding;
        await using (var session = await database.OpenAsync(cancellationToken))
        {
            holding = await session.QueryAsync<string>(HoldersSql, new { entitlementIds, sidecarId }, cancellationToken);
        }

        var holders = streams.Recallable(holding.ToHashSet(StringComparer.Ordinal));
        if (holders.Count == 0)
        {
            return false;
        }

        var recall = new Recall(Interlocked.Increment(ref sequence), [.. starved.Select(one => one.EntitlementId).Distinct()]);
        var recalling = new Recalling(holders);
        underWay[recall.Sequence] = recalling;
        try
        {
            streams.Ask(recall, holders);
            await recalling.Answered.WaitAsync(Limit, cancellationToken);
        }
        catch (TimeoutException)
        {
            // Whoever did not answer may be busy, stopped or cut off; nobody waits longer for it.
        }
        finally
        {
            underWay.TryRemove(recall.Sequence, out _);
        }

        return true;
    }

    /// <summary>The sidecar has given back what it had; to be said when that is committed.</summary>
    public void Answer(string sidecarId, long answered)
    {
        if (underWay.TryGetValue(answered, out var recalling))
        {
            recalling.Answer(sidecarId);
        }
    }

    private const string HoldersSql = """
        select distinct l.sidecar_id
        from subscriptions.pool p
        join subscriptions.lease l on l.pool_id = p.id
        where p.entitlement_id = any(@entitlementIds) and p.hard and p.closed_at is null
          and l.held > 0 and l.expires_at > clock_timestamp() and l.sidecar_id <> @sidecarId
        """;

    private sealed class Recalling(IReadOnlySet<string> holders)
    {
        private readonly TaskCompletionSource answered = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly HashSet<string> missing = new(holders, StringComparer.Ordinal);

        public Task Answered => answered.Task;

        public void Answer(string sidecarId)
        {
            lock (missing)
            {
                if (missing.Remove(sidecarId) && missing.Count == 0)
                {
                    answered.TrySetResult();
                }
            }
        }
    }
}
