using Metering.Contracts.Sidecar;
using Metering.EnforcementSidecar.Shares;
using NodaTime;

namespace Metering.EnforcementSidecar.Concurrency;

/// <summary>
/// The requests of one customer and feature that are in flight here, each with a deadline: never a bare counter, which nobody could put
/// right after a release that did not come. They are kept in the order of their deadlines, so that those which are over are found first.
/// A short lock of this table alone: what it guards is a few words, and two requests meet here only when they are of the same customer.
/// How many there may be is this sidecar's share of the limit; what was let in keeps its place until it ends, also when the share is over.
/// </summary>
internal sealed partial class SlotTable(ConcurrencyTerms terms) : LocalLimit
{
    public const long Never = long.MaxValue;

    private const int None = -1;
    private const int FirstCapacity = 4;

    private readonly Lock gate = new();
    private readonly Dictionary<UInt128, int> entriesInFlight = [];
    private Entry[] entries = [];
    private int first = None;
    private int last = None;
    private int unused = None;

    /// <summary>Takes a slot for <paramref name="id"/>, or says when one is free at the latest.</summary>
    /// <param name="now">Monotonic, as the deadline.</param>
    /// <param name="freeAt">When one is free at the latest: <paramref name="now"/> when one was, <see cref="Never"/> without a share.</param>
    public TakeOutcome TryTake(UInt128 id, long now, long deadline, out int remaining, out long freeAt)
    {
        lock (gate)
        {
            DropOver(now);
            var share = now < until ? places : 0;
            if (entriesInFlight.Count < share)
            {
                Add(id, deadline);
                peak = Math.Max(peak, entriesInFlight.Count);
                remaining = share - entriesInFlight.Count + elsewhere;
                freeAt = now;
                return TakeOutcome.Taken;
            }

            peak = Math.Max(peak, entriesInFlight.Count + 1);
            remaining = 0;
            freeAt = FreeAt(share);
            return (now < until && allowed == ShareParts.Whole) || IsAnswered(now) ? TakeOutcome.Denied : TakeOutcome.NeedsShare;
        }
    }

    /// <summary>The request is over. Safe to repeat, and for requests that never were.</summary>
    /// <returns>Whether it was in flight until now.</returns>
    public bool Release(UInt128 id)
    {
        lock (gate)
        {
            if (!entriesInFlight.Remove(id, out var place))
            {
                return false;
            }

            Unlink(place);
            return true;
        }
    }

    public int CountAt(long now)
    {
        lock (gate)
        {
            DropOver(now);
            return entriesInFlight.Count;
        }
    }

    /// <summary>Where the share has become smaller than what is in flight, more than the first has to end.</summary>
    private long FreeAt(int share)
    {
        if (share == 0)
        {
            return Never;
        }

        var place = first;
        for (var tooMany = entriesInFlight.Count - share; tooMany > 0; tooMany--)
        {
            place = entries[place].Next;
        }

        return entries[place].Deadline;
    }

    private void DropOver(long now)
    {
        var dropped = 0;
        while (first != None && entries[first].Deadline <= now)
        {
            entriesInFlight.Remove(entries[first].Id);
            Unlink(first);
            dropped++;
        }

        if (dropped > 0)
        {
            SidecarMetrics.SlotsExpired.Add(dropped);
        }
    }

    private void Add(UInt128 id, long deadline)
    {
        if (unused == None)
        {
            Grow();
        }

        var place = unused;
        unused = entries[place].Next;

        // Deadlines come in their order, unless a plan has shortened the time since.
        var before = last;
        while (before != None && entries[before].Deadline > deadline)
        {
            before = entries[before].Previous;
        }

        var after = before == None ? first : entries[before].Next;
        entries[place] = new Entry(id, deadline, before, after);
        if (before == None)
        {
            first = place;
        }
        else
        {
            entries[before].Next = place;
        }

        if (after == None)
        {
            last = place;
        }
        else
        {
            entries[after].Previous = place;
        }

        entriesInFlight[id] = place;
    }

    private void Unlink(int place)
    {
        var (previous, next) = (entries[place].Previous, entries[place].Next);
        if (previous == None)
        {
            first = next;
        }
        else
        {
            entries[previous].Next = next;
        }

        if (next == None)
        {
            last = previous;
        }
        else
        {
            entries[next].Previous = previous;
        }

        entries[place].Next = unused;
        unused = place;
    }

    private void Grow()
    {
        var from = entries.Length;
        Array.Resize(ref entries, Math.Max(FirstCapacity, from * 2));
        for (var place = entries.Length - 1; place >= from; place--)
        {
            entries[place].Next = unused;
            unused = place;
        }
    }

    private struct Entry(UInt128 id, long deadline, int previous, int next)
    {
        public readonly UInt128 Id = id;
        public readonly long Deadline = deadline;
        public int Previous = previous;
        public int Next = next;
    }
}
