using NodaTime;

namespace Metering.EnforcementSidecar.Leases;

/// <summary>
/// Units that Host holds for this sidecar alone. Spending is one compare-and-swap; it is never undone, so that what was
/// reported as spent never falls.
/// </summary>
internal sealed unsafe class Lease
{
    private readonly long fresh;
    private readonly long* counter;
    private readonly long* grantedOnDisk;

    internal Lease(string id, int slot, long fresh, long* counter, long* grantedOnDisk, long sentAt)
    {
        Id = id;
        Slot = slot;
        SentAt = sentAt;
        this.fresh = fresh;
        this.counter = counter;
        this.grantedOnDisk = grantedOnDisk;
    }

    public string Id { get; }

    public int Slot { get; }

    /// <summary>Monotonic; before Host could have granted anything.</summary>
    public long SentAt { get; }

    public long Granted { get; private set; }

    /// <summary>Monotonic; not spendable from then on.</summary>
    public long Deadline { get; private set; }

    /// <summary>Monotonic; from then on a busy lease is replaced.</summary>
    public long RenewAt { get; private set; }

    public Instant PeriodStart { get; private set; }

    public Instant PeriodEnd { get; private set; }

    /// <summary>Written and read by the maintenance loop alone.</summary>
    public long ReportedSpent { get; set; }


    public long Spent => Volatile.Read(ref *counter) is var value && SpentCounter.SameLease(value, fresh) ? SpentCounter.SpentOf(value) : Granted;

    public long Remaining => Volatile.Read(ref *counter) is var value && SpentCounter.SameLease(value, fresh) && !SpentCounter.IsSealed(value)
        ? Granted - SpentCounter.SpentOf(value)
        : 0;

    /// <summary>Before the lease is published to those who spend.</summary>
    public void Open(long granted, Instant periodStart, Instant periodEnd, long deadline, long renewAt)
    {
        Granted = granted;
        PeriodStart = periodStart;
        PeriodEnd = periodEnd;
        Deadline = deadline;
        RenewAt = renewAt;
        Volatile.Write(ref *grantedOnDisk, granted);
    }

    public bool IsOver(Instant now, long timestamp) => timestamp >= Deadline || now < PeriodStart || now >= PeriodEnd;

    /// <summary>All of <paramref name="units"/> or none.</summary>
    public bool TrySpend(long units, Instant now, TimeProvider monotonic)
    {
        if (IsOver(now, monotonic.GetTimestamp()))
        {
            return false;
        }

        while (true)
        {
            var value = Volatile.Read(ref *counter);
            if (!SpentCounter.SameLease(value, fresh) || SpentCounter.IsSealed(value) || Granted - SpentCounter.SpentOf(value) < units)
            {
                return false;
            }

            if (Interlocked.CompareExchange(ref *counter, value + units, value) == value)
            {
                // The process may have been stopped in between. Past the deadline the units count as spent, but admit nothing.
                return monotonic.GetTimestamp() < Deadline;
            }
        }
    }

    /// <summary>Nobody spends from here on; the answer is final. Safe to repeat until the slot is freed.</summary>
    public long Seal()
    {
        while (true)
        {
            var value = Volatile.Read(ref *counter);
            if (!SpentCounter.SameLease(value, fresh) || SpentCounter.IsSealed(value))
            {
                return SpentCounter.SpentOf(value);
            }

            if (Interlocked.CompareExchange(ref *counter, SpentCounter.Sealed(value), value) == value)
            {
                return SpentCounter.SpentOf(value);
            }
        }
    }
}
