using System.Collections.Immutable;
using Metering.Contracts.Sidecar;
using Metering.Platform.Identifiers;
using Metering.Subscriptions.Leases;
using NodaTime;

namespace Metering.EnforcementSidecar.Tests.Leases.Simulation;

/// <summary>
/// Host's side of the protocol: the real <see cref="LeaseBook"/> over rows in memory, read and written as LeaseDesk's SQL does. That it is so
/// is what ModelAgreesWithTheDatabaseTests are for.
/// </summary>
internal sealed class SimulatedHost(int ttlMilliseconds)
{
    private const long Millisecond = 1_000;

    private readonly Dictionary<string, List<SimulatedPool>> pools = new(StringComparer.Ordinal);
    private readonly Dictionary<Guid, SimulatedLease> leases = [];
    private readonly HashSet<Guid> closedUnseen = [];

    public Instant Now { get; set; }

    public int ActiveSidecars { get; set; } = 1;

    public IEnumerable<SimulatedPool> Pools => pools.Values.SelectMany(one => one);

    public int Exchanges { get; private set; }

    public int Grants => leases.Count;

    /// <summary>A fault made on purpose: units of leases are given to others although their holder may still spend them.</summary>
    public int? TakesBackAfterMilliseconds { get; set; }

    /// <summary>A fault made on purpose: a question that comes after its lease was closed is answered with a grant.</summary>
    public bool ForgetsWhatWasClosedUnseen { get; set; }

    public void Add(string entitlementId, SimulatedPool pool)
    {
        if (!pools.TryGetValue(entitlementId, out var known))
        {
            pools.Add(entitlementId, known = []);
        }

        known.Add(pool);
    }

    public SimulatedPool? InForce(string entitlementId) => pools.GetValueOrDefault(entitlementId)?.Find(pool => pool.Contains(Now));

    public SimulatedLease? Find(string leaseId) => PublicId.TryParse(leaseId, out var id) ? leases.GetValueOrDefault(id) : null;

    /// <param name="monotonic">Host's clock.</param>
    public LeaseExchangeResponse Exchange(LeaseExchangeRequest request, long monotonic)
    {
        Exchanges++;
        TakeBack(monotonic);
        var rows = request.Reports.Select(report => report.LeaseId).Concat(request.Requests.Select(one => one.LeaseId))
            .Select(Find).OfType<SimulatedLease>().Distinct().ToList();
        var inForce = request.Requests.Select(one => InForce(one.EntitlementId)).OfType<SimulatedPool>().Distinct().ToList();
        var locked = rows.Select(row => row.Pool).Concat(inForce).Distinct().ToDictionary(pool => pool, pool => pool.Locked());
        var book = new LeaseBook(
            rows.Select(row => row.Locked(locked[row.Pool], TtlLeft(row, monotonic))), inForce.Select(pool => locked[pool]), request.SidecarId,
            ActiveSidecars, ttlMilliseconds, closedUnseen);
        ImmutableArray<ReportAnswer> reports = [.. request.Reports.Select(report => new ReportAnswer(report.LeaseId, book.Apply(report)))];
        ImmutableArray<LeaseAnswer> answers = [.. request.Requests.Select(book.Apply)];
        Write(book, locked, monotonic);
        return new LeaseExchangeResponse(reports, answers);
    }

    /// <summary>Sidecars other than the one that asks which may still spend of what is in force.</summary>
    public IEnumerable<string> HoldersBut(string sidecarId, string entitlementId, long monotonic) =>
        InForce(entitlementId)?.Leases
            .Where(lease => lease.Held > 0 && lease.SidecarId != sidecarId && lease.ExpiresAt > monotonic)
            .Select(lease => lease.SidecarId).Distinct() ?? [];

    private static int TtlLeft(SimulatedLease lease, long monotonic) =>
        (int)Math.Max(0, ((lease.ExpiresAt - monotonic) / Millisecond) - LeaseTerms.GraceMilliseconds);

    private void Write(LeaseBook book, Dictionary<SimulatedPool, Pool> locked, long monotonic)
    {
        var rowOf = locked.ToDictionary(pair => pair.Value, pair => pair.Key);
        foreach (var lease in book.Leases)
        {
            if (lease.IsNew)
            {
                var row = new SimulatedLease(lease, rowOf[lease.Pool], monotonic + ((ttlMilliseconds + LeaseTerms.GraceMilliseconds) * Millisecond));
                leases.Add(lease.Id, row);
                row.Pool.Add(row);
            }

            leases[lease.Id].Write(lease);
        }

        foreach (var (row, pool) in locked)
        {
            row.Write(pool);
        }

        if (!ForgetsWhatWasClosedUnseen)
        {
            closedUnseen.UnionWith(book.ClosedUnseen);
        }
    }

    private void TakeBack(long monotonic)
    {
        if (TakesBackAfterMilliseconds is { } after)
        {
            var granted = (ttlMilliseconds + LeaseTerms.GraceMilliseconds - after) * Millisecond;
            foreach (var lease in leases.Values.Where(lease => lease.ExpiresAt - granted <= monotonic))
            {
                lease.Pool.TakeBack(lease);
            }
        }
    }
}
