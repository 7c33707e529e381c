using System.Collections.Immutable;
using Metering.Testing;

namespace Metering.Faults.Overshoot;

/// <summary>What breaks when and for how long, from a seed alone. Every kind of trouble and of partition comes at least once.</summary>
/// <param name="Begins">After the load has begun.</param>
/// <param name="Lasts">How long a pause or a partition lasts; a killed process is started again at once.</param>
internal sealed record TroublePlan(Trouble Trouble, int Sidecar, Partition Partition, TimeSpan Begins, TimeSpan Lasts)
{
    private const int ExtraKills = 2;
    private static readonly Partition[] Partitions = [Partition.Refused, Partition.Stalled, Partition.AnswersLost];

    /// <param name="span">Within it everything begins.</param>
    /// <param name="leaseLifetime">What pauses and partitions outlast.</param>
    public static ImmutableArray<TroublePlan> Of(int seed, int sidecars, TimeSpan span, TimeSpan leaseLifetime)
    {
        var random = new SplitMix(unchecked((ulong)seed * 0x9E37_79B9));
        List<(Trouble Trouble, Partition Partition)> kinds =
        [
            (Trouble.SidecarPaused, Partition.None),
            (Trouble.PostgresKilled, Partition.None),
            .. Partitions.Select(partition => (Trouble.Parted, partition)),
            .. Enumerable.Repeat((Trouble.SidecarKilled, Partition.None), 1 + ExtraKills),
        ];
        random.Shuffle(kinds);

        // Of the sidecars each meets one trouble at a time: which one is the seed's choice.
        List<int> victims = [.. Enumerable.Range(0, sidecars)];
        random.Shuffle(victims);
        var apart = span / kinds.Count;
        return
        [
            .. kinds.Select((kind, index) => new TroublePlan(
                kind.Trouble, victims[index % victims.Count], kind.Partition,
                (apart * index) + (apart * random.Below(1_000) / 1_000),
                leaseLifetime + TimeSpan.FromMilliseconds(500 + random.Below(1_500)))),
        ];
    }

    public override string ToString() =>
        Trouble switch
        {
            Trouble.PostgresKilled => $"{Begins.TotalSeconds:F1}s PostgreSQL killed",
            Trouble.SidecarKilled => $"{Begins.TotalSeconds:F1}s {Sidecar} killed",
            Trouble.SidecarPaused => $"{Begins.TotalSeconds:F1}s {Sidecar} paused {Lasts.TotalSeconds:F1}s",
            Trouble.Parted => $"{Begins.TotalSeconds:F1}s {Sidecar} {Partition} {Lasts.TotalSeconds:F1}s",
        };
}
