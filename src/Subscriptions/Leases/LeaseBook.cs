using Metering.Contracts.Sidecar;
using Metering.Platform.Identifiers;

namespace Metering.Subscriptions.Leases;

/// <summary>
/// The decisions of a lease exchange over pools and leases that are locked. Pure: it knows no clock and no database, so the whole protocol
/// can be run in memory millions of times.
/// </summary>
internal sealed class LeaseBook
{
    private readonly Dictionary<Guid, Lease> leases;
    private readonly Dictionary<Guid, Pool> poolsInForce;
    private readonly string sidecarId;
    private readonly int activeSidecars;
    private readonly int ttlMilliseconds;
    private readonly HashSet<Guid> neverGranted;

    /// <param name="leases">Every lease that the exchange names and that exists.</param>
    /// <param name="poolsInForce">Entitlement → the pool of its period now, for those that are active.</param>
    /// <param name="activeSidecars">How many share what is free, at least 1.</param>
    /// <param name="ttlMilliseconds">How long a new lease may be spent from, by the sidecar's own clock from the moment it asked.</param>
    /// <param name="neverGranted">Leases that were closed before they were asked for.</param>
    public LeaseBook(
        IEnumerable<Lease> leases, IEnumerable<Pool> poolsInForce, string sidecarId, int activeSidecars, int ttlMilliseconds,
        IEnumerable<Guid> neverGranted)
    {
        this.neverGranted = [.. neverGranted];
        this.ttlMilliseconds = ttlMilliseconds;
        this.leases = leases.ToDictionary(lease => lease.Id);
        this.poolsInForce = poolsInForce.ToDictionary(pool => pool.EntitlementId);
        this.sidecarId = sidecarId;
        this.activeSidecars = Math.Max(1, activeSidecars);
    }

    public IEnumerable<Lease> Leases => leases.Values;

    /// <summary>Leases that this exchange closes and nobody knows: their question is still underway, or was lost.</summary>
    public HashSet<Guid> ClosedUnseen { get; } = [];

    /// <summary>Reports state totals, so a repeated one changes nothing. However late it comes, it settles exactly what was spent.</summary>
    public ReportOutcome Apply(LeaseReport report)
    {
        if (!PublicId.TryParse(report.LeaseId, out var id) || !leases.TryGetValue(id, out var lease))
        {
            if (report.Close && !neverGranted.Contains(id))
            {
                ClosedUnseen.Add(id);
            }

            return ReportOutcome.Unknown;
        }

        if (lease.SidecarId != sidecarId)
        {
            return ReportOutcome.Unknown;
        }

        if (lease.Closed && lease.Spent == report.Spent)
        {
            return ReportOutcome.AlreadyClosed;
        }

        if (lease.Closed || report.Spent < lease.Spent || report.Spent > lease.Granted)
        {
            return ReportOutcome.OutOfRange;
        }

        lease.Settle(report.Spent, report.Close);
        return ReportOutcome.Recorded;
    }

    public LeaseAnswer Apply(LeaseRequest request)
    {
        if (!PublicId.TryParse(request.LeaseId, out var leaseId) || !PublicId.TryParse(request.EntitlementId, out var entitlementId))
        {
            return Unknown(request);
        }

        if (leases.TryGetValue(leaseId, out var known))
        {
            return known.SidecarId == sidecarId && known.Pool.EntitlementId == entitlementId ? FirstAnswer(request, known) : Unknown(request);
        }

        if (!poolsInForce.TryGetValue(entitlementId, out var pool))
        {
            return Unknown(request);
        }

        var granted = neverGranted.Contains(leaseId) || ClosedUnseen.Contains(leaseId) ? null : SizeOf(request, pool);
        if (granted is null)
        {
            return Answer(request, LeaseOutcome.Exhausted, pool, 0, pool.Free, 0);
        }

        pool.Held += granted.Value;
        leases.Add(
            leaseId,
            new Lease(leaseId, pool, sidecarId, granted.Value, pool.Free, spent: 0, held: granted.Value, closed: false, ttlMilliseconds)
            {
                IsNew = true,
            });
        return Answer(request, LeaseOutcome.Granted, pool, granted.Value, pool.Free, ttlMilliseconds);
    }

    /// <summary>
    /// Null: not enough is free. A soft pool gives what is wanted. A hard one gives guided chunks: each sidecar at most its share of half of
    /// what is free, so chunks shrink towards the end and no sidecar sits on what another needs; but always what a request is waiting for.
    /// </summary>
    private long? SizeOf(LeaseRequest request, Pool pool)
    {
        var wanted = Math.Max(request.Wanted, request.Needed);
        if (pool.Closed)
        {
            return null;
        }

        if (!pool.Hard)
        {
            return wanted;
        }

        if (pool.Free <= 0 || (!pool.IsGauge && pool.Free < request.Needed))
        {
            return null;
        }

        // What a request does to a level only its event tells; as long as there is room, requests pass.
        if (pool.IsGauge)
        {
            return wanted;
        }

        // Rounded up, so that a refill ahead of need never ends in a lease of nothing.
        var share = ((pool.Free - 1) / (2L * activeSidecars)) + 1;
        return Math.Max(request.Needed, Math.Min(wanted, share));
    }

    /// <summary>Where more is out than is allowed by now, the limit was lowered: nobody begins to spend what was granted before.</summary>
    private static LeaseAnswer FirstAnswer(LeaseRequest request, Lease lease) => Answer(
        request, LeaseOutcome.Granted, lease.Pool, lease.Granted, lease.FreeAtGrant,
        lease.Closed || (lease.Pool.Hard && lease.Pool.Free < 0) ? 0 : lease.TtlLeftMilliseconds);

    private static LeaseAnswer Unknown(LeaseRequest request) =>
        new(request.LeaseId, request.EntitlementId, LeaseOutcome.Unknown, 0, null, null, 0, 0, 0);

    private static LeaseAnswer Answer(LeaseRequest request, LeaseOutcome outcome, Pool pool, long granted, long free, int ttlMilliseconds) => new(
        request.LeaseId, request.EntitlementId, outcome, granted, pool.PeriodStart, pool.PeriodEnd, pool.Allowed, free, ttlMilliseconds);
}
