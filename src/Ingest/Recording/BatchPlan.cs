using System.Buffers.Binary;
using Metering.Ingest.Events;

namespace Metering.Ingest.Recording;

/// <summary>Decides what becomes of each event of a batch, from what is stored already. Pure: the same input, the same outcome.</summary>
internal sealed class BatchPlan
{
    private readonly IReadOnlyList<UsageEvent> events;

    /// <summary>Positions in order of key; of two events with one key the one that came first is first.</summary>
    private readonly int[] sorted;

    private BatchPlan(IReadOnlyList<UsageEvent> events, int[] sorted, Guid[] keys, int[] firsts)
    {
        this.events = events;
        this.sorted = sorted;
        Keys = keys;
        Firsts = firsts;
    }

    /// <summary>Sorted, each once: so writers wait for each other in one order, and neighbours share index pages.</summary>
    public Guid[] Keys { get; }

    /// <summary>The position of the first event of each key.</summary>
    public int[] Firsts { get; }

    public static BatchPlan Of(IReadOnlyList<UsageEvent> events)
    {
        var keys = new Guid[events.Count];
        var sorted = new int[events.Count];
        for (var i = 0; i < sorted.Length; i++)
        {
            keys[i] = events[i].Key;
            sorted[i] = i;
        }

        Array.Sort(keys, sorted);
        var firsts = new int[events.Count];
        var distinct = 0;
        for (var i = 0; i < keys.Length; distinct++)
        {
            var end = i + 1;
            while (end < keys.Length && keys[end] == keys[i])
            {
                end++;
            }

            // Sorting by key alone leaves the positions of one key in any order.
            Array.Sort(sorted, i, end - i);
            keys[distinct] = keys[i];
            firsts[distinct] = sorted[i];
            i = end;
        }

        return new BatchPlan(events, sorted, keys[..distinct], firsts[..distinct]);
    }

    /// <param name="known">Key → payload hash of those that were stored before; all others are stored now.</param>
    public BatchOutcome Decide(IReadOnlyDictionary<Guid, long> known)
    {
        var results = new EventResult[events.Count];
        var accepted = new List<int>(Keys.Length);
        var conflicts = new List<EventConflict>();
        var current = Guid.Empty;
        var first = 0L;
        for (var i = 0; i < sorted.Length; i++)
        {
            var usageEvent = events[sorted[i]];
            var hash = HashOf(usageEvent);
            if (i == 0 || usageEvent.Key != current)
            {
                current = usageEvent.Key;
                if (!known.TryGetValue(current, out first))
                {
                    // From here on the event is known to the rest of its own batch too.
                    first = hash;
                    accepted.Add(sorted[i]);
                    results[sorted[i]] = EventResult.Accepted;
                    continue;
                }
            }

            results[sorted[i]] = hash == first ? EventResult.Duplicate : EventResult.Conflict;
            if (hash != first)
            {
                conflicts.Add(new EventConflict(usageEvent, first));
            }
        }

        accepted.Sort();
        return new BatchOutcome(results, accepted, conflicts);
    }

    /// <summary>What is stored of a payload's hash.</summary>
    public static long HashOf(UsageEvent usageEvent)
    {
        Span<byte> bytes = stackalloc byte[16];
        usageEvent.PayloadHash.TryWriteBytes(bytes, bigEndian: true, out _);
        return BinaryPrimitives.ReadInt64BigEndian(bytes);
    }
}

/// <param name="Results">In the order in which the events came.</param>
/// <param name="Accepted">Positions of the new events, as they came.</param>
/// <param name="Conflicts">Kept beside the events.</param>
internal sealed record BatchOutcome(EventResult[] Results, IReadOnlyList<int> Accepted, IReadOnlyList<EventConflict> Conflicts);

/// <summary>An event that came with other content than the one first recorded under its source and id.</summary>
internal readonly record struct EventConflict(UsageEvent Event, long FirstPayloadHash);
