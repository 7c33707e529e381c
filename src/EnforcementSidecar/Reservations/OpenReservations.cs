using System.Collections.Concurrent;
using Metering.Contracts.Sidecar;
using Metering.EnforcementSidecar.Identifiers;

namespace Metering.EnforcementSidecar.Reservations;

/// <summary>
/// Calls of models that this sidecar let through and that nobody has settled yet, in memory and on disk. They have an end: what the gateway
/// does not settle the policy of the feature does.
/// </summary>
internal sealed class OpenReservations
{
    /// <summary>Between asking whether there is room and taking it others may take some.</summary>
    private const int Spare = 1_024;

    private readonly ConcurrentDictionary<UInt128, OpenReservation> open = new();
    private readonly ReservationSlots slots;
    private readonly TimeProvider clock;
    private int count;

    public OpenReservations(ReservationSlots slots, TimeProvider clock)
    {
        this.slots = slots;
        this.clock = clock;
        foreach (var found in slots.Found)
        {
            Adopt(found);
        }
    }

    /// <summary>No more can be remembered; a call that is let through now could be forgotten.</summary>
    public bool IsFull => Volatile.Read(ref count) > ReservationSlots.Capacity - Spare;

    public int Count => Volatile.Read(ref count);

    /// <summary>Real time: how long a provider takes has nothing to do with the product's.</summary>
    private long Now => clock.GetUtcNow().ToUnixTimeMilliseconds();

    public void Open(UInt128 id, string token, ReservationTerms terms, string? model)
    {
        var deadline = Now + LifetimeOf(terms);
        if (slots.TryWrite(token, terms.OnOrphan, terms.Counts, deadline) is not { } slot)
        {
            return;
        }

        if (open.TryAdd(id, new OpenReservation(id, token, terms.OnOrphan, terms.Counts, model, slot, deadline)))
        {
            Interlocked.Increment(ref count);
            return;
        }

        slots.Free(slot);
    }

    public OpenReservation? Find(UInt128 id) => open.GetValueOrDefault(id);

    /// <summary>The call goes on, under another token. Written down beside the old record before that one goes.</summary>
    public void Extend(OpenReservation one, string token, ReservationTerms terms)
    {
        lock (one)
        {
            var deadline = Now + LifetimeOf(terms);
            if (slots.TryWrite(token, one.Policy, one.Counts, deadline) is { } slot)
            {
                slots.Free(one.Slot);
                one.Slot = slot;
            }

            one.Token = token;
            one.Deadline = deadline;
        }
    }

    public void Close(OpenReservation one)
    {
        if (!open.TryRemove(KeyValuePair.Create(one.Id, one)))
        {
            return;
        }

        Interlocked.Decrement(ref count);
        lock (one)
        {
            slots.Free(one.Slot);
        }
    }

    /// <summary>Those whose time is over; the caller claims what it settles.</summary>
    public IEnumerable<OpenReservation> Due()
    {
        var now = Now;
        return open.Values.Where(one => one.Deadline <= now);
    }

    /// <summary>It could not be settled now.</summary>
    public void Postpone(OpenReservation one, TimeSpan delay)
    {
        one.Deadline = Now + (long)delay.TotalMilliseconds;
        one.GiveUp();
    }

    /// <summary>An extension may have been cut off between its two records; the newer one has the later deadline.</summary>
    private void Adopt(FoundReservation found)
    {
        if (found.Token.Length <= Ulid.Length || !Ulid.TryParse(found.Token.AsSpan(0, Ulid.Length), out var id)
            || (open.TryGetValue(id, out var known) && known.Deadline >= found.Deadline))
        {
            slots.Free(found.Slot);
            return;
        }

        if (known is not null)
        {
            Close(known);
        }

        open[id] = new OpenReservation(id, found.Token, found.Policy, found.Counts, model: null, found.Slot, found.Deadline);
        Interlocked.Increment(ref count);
    }

    private static long LifetimeOf(ReservationTerms terms) => (terms.UpstreamTimeoutSeconds + (long)terms.GraceSeconds) * 1_000;
}
