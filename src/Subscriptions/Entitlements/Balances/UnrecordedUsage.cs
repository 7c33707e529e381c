using Metering.Platform.Database;
using NodaTime;

namespace Metering.Subscriptions.Entitlements.Balances;

/// <summary>
/// What sidecars have let through in a period, or still may have, and no event has told yet. It counts as used until the events had the
/// time to come; then they have spoken.
/// </summary>
/// <param name="PeriodStart">From where usage counts against the pool.</param>
/// <param name="PeriodEnd">Its usage period ends there or, when it was reset, ended there.</param>
/// <param name="Metered">What events had told when the pool was last measured.</param>
/// <param name="Settled">What leases have reported.</param>
/// <param name="Outstanding">What leases without a last report may have spent beyond that.</param>
internal sealed record UnrecordedUsage(Instant PeriodStart, Instant PeriodEnd, long Metered, long Settled, long Outstanding)
{
    public decimal Quantity => Settled + Outstanding - Metered;

    public static Task<IReadOnlyList<UnrecordedUsage>> OfAsync(DbSession session, Guid entitlementId, CancellationToken cancellationToken) =>
        session.QueryAsync<UnrecordedUsage>(Sql, new { entitlementId }, cancellationToken);

    // By the database's real clock, as the life of leases.
    private const string Sql = """
        select p.counts_from as periodStart, p.period_end as periodEnd, greatest(0, p.metered) as metered, p.settled, u.outstanding
        from subscriptions.pool p
        cross join lateral (
            select coalesce(sum(granted - spent), 0)::bigint as outstanding
            from subscriptions.lease
            where pool_id = p.id and closed_at is null
        ) u
        where p.entitlement_id = @entitlementId
          and not p.gauge
          and (p.closed_at is null or p.closed_at > clock_timestamp() - interval '1 hour')
          and p.settled + u.outstanding > greatest(0, p.metered)
        order by p.period_end
        """;
}
