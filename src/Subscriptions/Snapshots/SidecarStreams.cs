using System.Collections.Concurrent;
using System.Collections.Immutable;
using Metering.Contracts.Sidecar;
using Metering.Platform.Clock;
using Metering.Platform.Database;
using Microsoft.Extensions.Logging;
using NodaTime;

namespace Metering.Subscriptions.Snapshots;

/// <summary>
/// The sidecars connected to this process. The test clock waits here until they have heard its new time, and until they have applied every
/// change that came with it.
/// </summary>
internal sealed class SidecarStreams(MeteringDatabase database, ILogger<SidecarStreams> logger) : IClockFollower, IDrain
{
    public const int MaxStreams = 1_000;
    private static readonly TimeSpan AcknowledgementLimit = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan AcknowledgementPoll = TimeSpan.FromMilliseconds(5);

    private readonly ConcurrentDictionary<SidecarStream, bool> streams = new();
    private long sequence;

    /// <summary>Distinct sidecars, at least 1: what is free and how fast requests may come is shared by so many.</summary>
    public int ActiveCount => Math.Max(1, ConnectedCount);

    public int ConnectedCount => streams.Keys.Select(stream => stream.SidecarId).Distinct(StringComparer.Ordinal).Count();

    /// <summary>In an order that all sidecars share, from 0.</summary>
    public int RankOf(string sidecarId) => streams.Keys.Select(stream => stream.SidecarId).Distinct(StringComparer.Ordinal)
        .Count(other => string.CompareOrdinal(other, sidecarId) < 0);

    public bool IsFull => streams.Count >= MaxStreams;

    /// <summary>Rises over all streams, so an acknowledgement from before a reconnect never counts for what came after.</summary>
    public long NextSequence() => Interlocked.Increment(ref sequence);

    public void Add(SidecarStream stream)
    {
        streams[stream] = true;
        logger.SidecarConnected(stream.SidecarId, ConnectedCount);
        RingAll(heartbeat: true);
    }

    public void Remove(SidecarStream stream)
    {
        streams.TryRemove(stream, out _);
        logger.SidecarDisconnected(stream.SidecarId, ConnectedCount);
        RingAll(heartbeat: true);
    }

    public void RingAll(bool heartbeat)
    {
        foreach (var stream in streams.Keys)
        {
            stream.Ring(heartbeat);
        }
    }

    /// <summary>Which of these sidecars can be asked to give back what they hold.</summary>
    public IReadOnlySet<string> Recallable(IReadOnlySet<string> sidecarIds) =>
        streams.Keys.Where(stream => stream.HearsRecalls && sidecarIds.Contains(stream.SidecarId)).Select(stream => stream.SidecarId)
            .ToHashSet(StringComparer.Ordinal);

    public void Ask(Recall recall, IReadOnlySet<string> sidecarIds)
    {
        foreach (var stream in streams.Keys.Where(stream => stream.HearsRecalls && sidecarIds.Contains(stream.SidecarId)))
        {
            stream.Ask(recall);
        }
    }

    /// <returns>False when the sidecar does not follow this process, or does not know what that is.</returns>
    public bool Ask(ShareRecall recall, string sidecarId)
    {
        var asked = false;
        foreach (var stream in streams.Keys.Where(stream => stream.HearsShareRecalls && stream.SidecarId == sidecarId))
        {
            stream.Ask(recall);
            asked = true;
        }

        return asked;
    }

    /// <returns>Whether such a sidecar is connected.</returns>
    public bool Acknowledge(string sidecarId, long acknowledged)
    {
        var connected = false;
        foreach (var stream in streams.Keys.Where(stream => stream.SidecarId == sidecarId))
        {
            stream.Acknowledge(acknowledged);
            connected = true;
        }

        return connected;
    }

    public Task FollowAsync(Instant now, CancellationToken cancellationToken) =>
        WaitForAsync(Interlocked.Read(ref sequence), version: 0, cancellationToken);

    public async Task DrainAsync(CancellationToken cancellationToken)
    {
        if (streams.IsEmpty)
        {
            return;
        }

        long head;
        await using (var session = await database.OpenAsync(cancellationToken))
        {
            head = await AccessCompiler.HeadAsync(session, cancellationToken);
        }

        await WaitForAsync(afterSequence: 0, head, cancellationToken);
    }

    private async Task WaitForAsync(long afterSequence, long version, CancellationToken cancellationToken)
    {
        ImmutableArray<SidecarStream> behind =
            [.. streams.Keys.Where(stream => stream.Responds && !stream.HasAcknowledged(afterSequence, version))];
        if (behind.IsEmpty)
        {
            return;
        }

        RingAll(heartbeat: true);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(AcknowledgementLimit);
        bool IsBehind(SidecarStream stream) => streams.ContainsKey(stream) && !stream.HasAcknowledged(afterSequence, version);
        while (behind.Any(IsBehind) && !limit.IsCancellationRequested)
        {
            await Task.Delay(AcknowledgementPoll, limit.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        cancellationToken.ThrowIfCancellationRequested();
        foreach (var stream in behind.Where(IsBehind))
        {
            stream.GiveUp();
            logger.SidecarDidNotAcknowledge(stream.SidecarId);
        }
    }
}
