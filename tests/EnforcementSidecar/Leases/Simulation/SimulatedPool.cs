using Metering.Platform.Identifiers;
using Metering.Subscriptions.Leases;
using NodaTime;
using HostLease = Metering.Subscriptions.Leases.Lease;

namespace Metering.EnforcementSidecar.Tests.Leases.Simulation;

/// <summary>A row of Host's table of pools and the rows of its leases.</summary>
internal sealed class SimulatedPool
{
    private readonly Guid id;
    private readonly Guid entitlementId;
    private readonly Instant start;
    private readonly Instant end;
    private readonly List<SimulatedLease> leases = [];
    private long allowed;

    public SimulatedPool(string entitlementId, Instant start, Instant end, long allowed)
    {
        id = PublicId.New(start);
        this.entitlementId = PublicId.TryParse(entitlementId, out var guid) ? guid : throw new ArgumentException("no id", nameof(entitlementId));
        (this.start, this.end, this.allowed, Cap) = (start, end, allowed, allowed);
    }

    public IReadOnlyList<SimulatedLease> Leases => leases;

    public bool Closed { get; private set; }

    public long Cap { get; private set; }

    public long Settled { get; private set; }

    public long Held { get; private set; }

    public long Metered { get; set; }

    public long Allowed => allowed;

    public long Free => Locked().Free;

    /// <summary>Units that the driver has seen admitted.</summary>
    public long Admitted { get; set; }

    /// <summary>Units that were spent and admitted nothing: the process was stopped in between.</summary>
    public long Burnt { get; set; }

    public bool Contains(Instant now) => now >= start && now < end;

    /// <summary>As a transaction sees it that holds the lock.</summary>
    public Pool Locked() => new(id, entitlementId, start, end, hard: true, allowed, Settled, Held, Metered, Closed);

    /// <summary>What the exchange has decided is written; while the period lasts the cap comes down with what is out, and never goes up.</summary>
    public void Write(Pool decided)
    {
        (Settled, Held) = (decided.Settled, decided.Held);
        Cap = Closed ? Cap : Math.Min(Cap, Math.Max(allowed, Settled + Held));
    }

    public void Add(SimulatedLease lease) => leases.Add(lease);

    /// <summary>The balance has changed.</summary>
    public void Allow(long units)
    {
        allowed = units;
        Cap = Math.Max(allowed, Settled + Held);
    }

    /// <summary>What no honest server does.</summary>
    public void TakeBack(SimulatedLease lease)
    {
        Held -= lease.Held;
        lease.LetGo();
    }

    /// <summary>The period is over: nothing is granted any more, and what is held is let go.</summary>
    public void Close()
    {
        Closed = true;
        Held = 0;
        leases.ForEach(static lease => lease.LetGo());
    }
}

/// <summary>A row of Host's table of leases.</summary>
/// <param name="expiresAt">By Host's clock.</param>
internal sealed class SimulatedLease(HostLease lease, SimulatedPool pool, long expiresAt)
{
    public Guid Id => lease.Id;

    public string SidecarId => lease.SidecarId;

    public SimulatedPool Pool => pool;

    public long Granted => lease.Granted;

    public long ExpiresAt => expiresAt;

    public long Spent { get; private set; } = lease.Spent;

    public long Held { get; private set; } = lease.Held;

    public bool Closed { get; private set; } = lease.Closed;

    public HostLease Locked(Pool locked, int ttlLeft) => new(Id, locked, SidecarId, Granted, lease.FreeAtGrant, Spent, Held, Closed, ttlLeft);

    public void Write(HostLease decided) => (Spent, Held, Closed) = (decided.Spent, decided.Held, decided.Closed);

    public void LetGo() => Held = 0;
}
