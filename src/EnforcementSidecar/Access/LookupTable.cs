namespace Metering.EnforcementSidecar.Access;

/// <summary>
/// Entries by a key that each of them holds itself: one reference for each and no node around it. Read by any number of threads without a
/// lock while one writes. An entry never moves within its array, and a larger array is published only when all are in it, so that no reader
/// misses what was there.
/// </summary>
/// <param name="removed">
/// Stands where another was removed, so that whoever looks for a third goes on behind it; has no key. Null: nothing is ever removed.
/// </param>
internal sealed class LookupTable<TKey, TEntry>(TEntry? removed)
    where TKey : struct
    where TEntry : class, IKeyed<TKey>
{
    private const int FirstCapacity = 64;

    private Slot[] slots = new Slot[FirstCapacity];
    private int used;

    public int Count { get; private set; }

    public TEntry? Find(in TKey key)
    {
        var known = Volatile.Read(ref slots);
        for (var at = key.GetHashCode() & (known.Length - 1); ; at = (at + 1) & (known.Length - 1))
        {
            var entry = Volatile.Read(ref known[at].Entry);
            if (entry is null || entry.IsKeyed(key))
            {
                return entry;
            }
        }
    }

    /// <summary>Replaces the entry of the same key. By the one thread that writes.</summary>
    public void Put(in TKey key, TEntry entry)
    {
        var at = PlaceOf(key);
        if (slots[at].Entry is null)
        {
            if (used + 1 > slots.Length / 4 * 3)
            {
                Grow();
                at = PlaceOf(key);
            }

            used++;
            Count++;
        }

        Volatile.Write(ref slots[at].Entry, entry);
    }

    /// <summary>By the one thread that writes.</summary>
    public void Remove(in TKey key)
    {
        var at = PlaceOf(key);
        if (slots[at].Entry is not null)
        {
            Volatile.Write(ref slots[at].Entry, removed ?? throw new InvalidOperationException("Nothing is removed from this table."));
            Count--;
        }
    }

    /// <summary>Where the key is, or the free place at which the search for it ends.</summary>
    private int PlaceOf(in TKey key)
    {
        var at = key.GetHashCode() & (slots.Length - 1);
        while (slots[at].Entry is { } entry && !entry.IsKeyed(key))
        {
            at = (at + 1) & (slots.Length - 1);
        }

        return at;
    }

    /// <summary>Leaves the removed behind.</summary>
    private void Grow()
    {
        var larger = new Slot[Count >= slots.Length / 2 ? slots.Length * 2 : slots.Length];
        foreach (var slot in slots)
        {
            if (slot.Entry is { } entry && entry != removed)
            {
                var at = entry.KeyHash & (larger.Length - 1);
                while (larger[at].Entry is not null)
                {
                    at = (at + 1) & (larger.Length - 1);
                }

                larger[at].Entry = entry;
            }
        }

        used = Count;
        Volatile.Write(ref slots, larger);
    }

    /// <summary>Spares the array the question whether what is put into it is of its kind.</summary>
    private struct Slot
    {
        public TEntry? Entry;
    }
}
