using System.Collections.Concurrent;
using Metering.Contracts.Sidecar;
using Metering.Subscriptions.Snapshots;

namespace Metering.Subscriptions.Shares;

/// <summary>
/// Asks sidecars over their snapshot streams to come down to their targets, and waits a moment for it. Whoever does not answer in time keeps
/// what it has until it renews or its share is over; the wait is all that is lost.
/// </summary>
internal sealed class ShareRecalls(SidecarStreams streams)
{
    private static readonly TimeSpan Limit = TimeSpan.FromMilliseconds(50);

    private readonly ConcurrentDictionary<long, TaskCompletionSource> underWay = new();
    private long sequence;

    /// <returns>False when nobody was there to be asked: nothing can have changed.</returns>
    public async Task<bool> RecallAsync(IEnumerable<(string SidecarId, RecalledShare Share)> recalled, CancellationToken cancellationToken)
    {
        var asked = new List<(long Sequence, Task Answered)>();
        try
        {
            foreach (var holder in recalled.GroupBy(one => one.SidecarId, one => one.Share, StringComparer.Ordinal))
            {
                var recall = new ShareRecall(Interlocked.Increment(ref sequence), [.. holder]);
                var answered = underWay[recall.Sequence] = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                asked.Add((recall.Sequence, streams.Ask(recall, holder.Key) ? answered.Task : Task.CompletedTask));
            }

            var waits = asked.Select(one => one.Answered).Where(answer => !answer.IsCompletedSuccessfully).ToArray();
            if (waits.Length == 0)
            {
                return false;
            }

            await Task.WhenAll(waits).WaitAsync(Limit, cancellationToken);
        }
        catch (TimeoutException)
        {
            // Whoever did not answer may be busy, stopped or cut off; nobody waits longer for it.
        }
        finally
        {
            asked.ForEach(one => underWay.TryRemove(one.Sequence, out _));
        }

        return true;
    }

    /// <summary>A sidecar has come down as far as it can; to be said when that is committed.</summary>
    public void Answer(long answered)
    {
        if (underWay.TryGetValue(answered, out var waiting))
        {
            waiting.TrySetResult();
        }
    }
}
