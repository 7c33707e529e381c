namespace Metering.Subscriptions.Leases;

/// <summary>Units of a pool that one sidecar may spend without asking, while a transaction holds the pool's lock.</summary>
internal sealed class Lease(
    Guid id, Pool pool, string sidecarId, long granted, long freeAtGrant, long spent, long held, bool closed, int ttlLeftMilliseconds)
{
    public Guid Id => id;

    public Pool Pool => pool;

    public string SidecarId => sidecarId;

    public long Granted => granted;

    /// <summary>The pool's free units right after the grant: part of the answer that a repeated request gets again.</summary>
    public long FreeAtGrant => freeAtGrant;

    public long Spent { get; private set; } = spent;

    /// <summary>What may still be spent; 0 when the lease is closed or its period has ended.</summary>
    public long Held { get; private set; } = held;

    public bool Closed { get; private set; } = closed;

    public int TtlLeftMilliseconds => ttlLeftMilliseconds;

    public bool IsNew { get; init; }

    public bool IsChanged { get; private set; }

    /// <summary>
    /// The spent units move from held to settled. A lease that came back after its period had ended holds nothing any more, and what it spent
    /// is settled all the same: the cap had room for it as long as it was held.
    /// </summary>
    public void Settle(long total, bool close)
    {
        var stillHeld = close ? 0 : Math.Min(Held, granted - total);
        pool.Settled += total - Spent;
        pool.Held -= Held - stillHeld;
        Spent = total;
        Held = stillHeld;
        Closed |= close;
        IsChanged = true;
    }
}
