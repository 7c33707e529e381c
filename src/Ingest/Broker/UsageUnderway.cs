using System.Collections.Concurrent;
using Metering.Platform;
using Metering.Platform.Clock;

namespace Metering.Ingest.Broker;

/// <summary>
/// What this process has published and not yet seen recorded, for the test clock to wait for. Without one nobody waits, and nothing is
/// remembered: another process may be the one that records.
/// </summary>
internal sealed class UsageUnderway(MeteringOptions options) : IDrain
{
    private static readonly TimeSpan DrainLimit = TimeSpan.FromSeconds(60);

    private readonly ConcurrentDictionary<Guid, TaskCompletionSource> underway = [];

    public void Begin(Guid messageId)
    {
        if (options.TestClock is not null)
        {
            underway.TryAdd(messageId, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        }
    }

    /// <summary>It is recorded, or will not be because of this process.</summary>
    public void End(Guid messageId)
    {
        if (underway.TryRemove(messageId, out var waiting))
        {
            waiting.SetResult();
        }
    }

    public Task DrainAsync(CancellationToken cancellationToken) =>
        Task.WhenAll(underway.Values.Select(waiting => waiting.Task)).WaitAsync(DrainLimit, cancellationToken);
}
