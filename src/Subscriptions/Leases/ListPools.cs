using Metering.Platform.Database;
using Metering.Platform.Http;
using Metering.Platform.Identifiers;
using Metering.Platform.Security;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using NodaTime;

namespace Metering.Subscriptions.Leases;

/// <summary>
/// <c>GET /api/v1/sidecar/pools</c>: where every unit of the open periods is. A hard pool conserves: settled + held ≤ cap, which
/// is what its balance allows or, while more is out than is allowed by now, as much as is out. A lease that has
/// outlived its time without a closing report is quarantined: its units may have been spent, so they stay held.
/// </summary>
internal static class ListPools
{
    public static void Map(IEndpointRouteBuilder routes) =>
        routes.MapGet("/api/v1/sidecar/pools", ListAsync).RequireScope(Scope.Enforcement)
            .WithName("listPools").WithSummary("List the pools that sidecars lease from").Produces<Page<PoolView>>()
            .WithTags("Sidecar");

    private static Task<IResult> ListAsync(PageRequest page, MeteringDatabase database, CancellationToken cancellationToken) =>
        Page.OfAsync(database, page, ListSql, CountSql, null, (PoolLine row) => row.ToView(), cancellationToken);

    private const string CountSql = "select count(*) from subscriptions.pool where closed_at is null";

    private const string ListSql = """
        select p.entitlement_id as entitlementId, e.customer_id as customerId, e.feature_key as featureKey, p.hard,
               p.period_start as periodStart, p.period_end as periodEnd, p.gauge, p.cap, p.allowed, p.settled, p.held, p.metered,
               l.holding, l.quarantined, l.quarantined_units as quarantinedUnits
        from subscriptions.pool p
        join subscriptions.entitlement e on e.id = p.entitlement_id
        cross join lateral (
            select count(*) as holding,
                   count(*) filter (where expires_at <= clock_timestamp()) as quarantined,
                   coalesce(sum(held) filter (where expires_at <= clock_timestamp()), 0)::bigint as quarantined_units
            from subscriptions.lease
            where pool_id = p.id and held > 0
        ) l
        where p.closed_at is null
        order by p.id
        """;

    private sealed record PoolLine(
        Guid EntitlementId, Guid CustomerId, string FeatureKey, bool Hard, Instant PeriodStart, Instant PeriodEnd, bool Gauge, long Cap, long Allowed,
        long Settled, long Held, long Metered, long Holding, long Quarantined, long QuarantinedUnits)
    {
        public PoolView ToView() => new(
            PublicId.Format(EntitlementId), PublicId.Format(CustomerId), FeatureKey, Hard ? "hard" : "soft", PeriodStart, PeriodEnd, Cap,
            Allowed, Settled, Held, Metered, Gauge ? Allowed - Metered : Allowed - Math.Max(Settled, Metered) - Held,
            !Hard || Gauge || Settled + Held <= Cap, Holding, Quarantined, QuarantinedUnits);
    }

    private sealed record PoolView(
        string EntitlementId, string CustomerId, string FeatureKey, string LimitClass, Instant PeriodStart, Instant PeriodEnd, long Cap, long Allowed,
        long Settled, long Held, long Metered, long Free, bool Conserves, long HoldingLeases, long QuarantinedLeases, long QuarantinedUnits);
}
