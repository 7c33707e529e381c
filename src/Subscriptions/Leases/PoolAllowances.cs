using Metering.Platform.Database;
using Metering.Subscriptions.Credits;
using Metering.Subscriptions.Entitlements;
using Metering.Subscriptions.Entitlements.Balances;
using NodaTime;

namespace Metering.Subscriptions.Leases;

/// <summary>
/// Gives pools what their entitlements' balances allow. A balance that falls below what is out already denies at once; the cap follows it
/// down as units come back, so that the escrow's own promise holds at every moment.
/// </summary>
internal sealed class PoolAllowances(MeteringDatabase database, BalanceReader balances)
{
    /// <summary>Computes what locked pools of running periods allow.</summary>
    /// <returns>The entitlements whose allowance changed.</returns>
    public async Task<IReadOnlyList<EntitlementRow>> RefreshAsync(
        DbSession session, IReadOnlyCollection<Guid> poolIds, Instant now, CancellationToken cancellationToken)
    {
        await CreditPools.RefreshAsync(session, poolIds, cancellationToken);
        var pools = await session.QueryAsync<AllowedPool>(PoolsSql, new { poolIds = poolIds.ToArray() }, cancellationToken);
        var changed = new List<EntitlementRow>();
        foreach (var pool in pools)
        {
            var entitlement = await EntitlementRow.FindAsync(session, pool.EntitlementId, cancellationToken);
            var at = Instant.Max(now, pool.CountsFrom);
            if (entitlement is null || at >= pool.PeriodEnd)
            {
                continue;
            }

            var opening = await balances.OpeningAsync(session, entitlement, at, cancellationToken);
            var end = Instant.Min(opening.Segment.End, pool.PeriodEnd);
            await session.ExecuteAsync(SetSql, new { pool.Id, opening.Allowed, start = opening.Segment.Start, end }, cancellationToken);
            if (opening.Allowed != pool.Allowed)
            {
                changed.Add(entitlement);
            }
        }

        return changed;
    }

    /// <summary>Locks the open pool of an entitlement, if there is one, and computes what it allows.</summary>
    public async Task RefreshOpenAsync(DbSession session, Guid entitlementId, Instant now, CancellationToken cancellationToken)
    {
        var open = await session.QueryAsync<Guid>(OpenSql, new { entitlementId, now }, cancellationToken);
        await RefreshAsync(session, open, now, cancellationToken);
    }

    /// <summary>Late reports on pools of the past may free what a later period held back for them.</summary>
    public async Task OutdateSuccessorsAsync(Guid[] entitlementIds, CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(cancellationToken);
        await session.ExecuteAsync(OutdateSql, new { entitlementIds }, cancellationToken);
    }

    private const string PoolsSql = """
        select id, entitlement_id as entitlementId, counts_from as countsFrom, period_end as periodEnd, allowed
        from subscriptions.pool
        where id = any(@poolIds) and closed_at is null and credit_customer_id is null
        order by id
        """;

    private const string OpenSql = """
        select id
        from subscriptions.pool
        where entitlement_id = @entitlementId and closed_at is null and period_start <= @now and period_end > @now
        order by id
        for update
        """;

    private const string SetSql = """
        update subscriptions.pool
        set allowed = @Allowed,
            cap = greatest(@Allowed, settled + held),
            segment_start = @start,
            segment_end = @end,
            stale = false
        where id = @Id
        """;

    private const string OutdateSql = """
        update subscriptions.pool
        set stale = true
        where id in (
            select id
            from subscriptions.pool
            where entitlement_id = any(@entitlementIds) and closed_at is null
            order by id
            for update
        )
        """;

    private sealed record AllowedPool(Guid Id, Guid EntitlementId, Instant CountsFrom, Instant PeriodEnd, long Allowed);
}
