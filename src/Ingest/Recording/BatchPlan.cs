using Metering.Ingest.Events;

namespace Metering.Ingest.Recording;

/// <summary>Decides what becomes of each event of a batch, from what is stored already. Pure: the same input, the same outcome.</summary>
internal sealed class BatchPlan
{
    private BatchPlan(EventResult[] results, List<int> accepted, List<EventConflict> conflicts)
    {
        Results = results;
        Accepted = accepted;
        Conflicts = conflicts;
    }

    /// <summary>In the order in which the events came.</summary>
    public EventResult[] Results { get; }

    /// <summary>Positions of the new events, sorted by key.</summary>
    public List<int> Accepted { get; }

    public List<EventConflict> Conflicts { get; }

    /// <param name="known">Key → payload hash of the stored ones.</param>
    public static BatchPlan Of(IReadOnlyList<UsageEvent> events, Dictionary<Guid, Guid> known)
    {
        var results = new EventResult[events.Count];
        var accepted = new List<int>(events.Count);
        var conflicts = new List<EventConflict>();
        foreach (var position in SortedByKey(events))
        {
            var usageEvent = events[position];
            if (!known.TryGetValue(usageEvent.Key, out var first))
            {
                // From here on the event is known to the rest of its own batch too.
                known.Add(usageEvent.Key, usageEvent.PayloadHash);
                accepted.Add(position);
                results[position] = EventResult.Accepted;
            }
            else if (first == usageEvent.PayloadHash)
            {
                results[position] = EventResult.Duplicate;
            }
            else
            {
                conflicts.Add(new EventConflict(usageEvent, first));
                results[position] = EventResult.Conflict;
            }
        }

        return new BatchPlan(results, accepted, conflicts);
    }

    /// <summary>Of two events with one key the one that came first is first.</summary>
    private static int[] SortedByKey(IReadOnlyList<UsageEvent> events)
    {
        var positions = new int[events.Count];
        for (var i = 0; i < positions.Length; i++)
        {
            positions[i] = i;
        }

        Array.Sort(positions, (left, right) =>
            events[left].Key.CompareTo(events[right].Key) is not 0 and var byKey ? byKey : left.CompareTo(right));
        return positions;
    }
}

/// <summary>An event that came with other content than the one first recorded under its source and id.</summary>
internal readonly record struct EventConflict(UsageEvent Event, Guid FirstPayloadHash);
