using Metering.Platform.Database;
using Metering.Subscriptions.Entitlements;
using Metering.Subscriptions.Entitlements.Balances;
using NodaTime;

namespace Metering.Subscriptions.Leases;

/// <summary>
/// A reset ends a pool before its time. Its leases go on into the pool of the new period: whatever they still hold may be spent after the
/// reset, so it is the new period that holds it.
/// </summary>
internal sealed class PoolEpochs(PoolMeasuring measuring, PoolAllowances allowances)
{
    /// <param name="at">When the new usage period began; the turn is written already and the entitlement locked.</param>
    public async Task BeginAsync(DbSession session, EntitlementRow entitlement, Instant at, Instant now, CancellationToken cancellationToken)
    {
        var ended = await session.FirstOrNoneAsync<EndedPool>(EndedSql, new { entitlement.Id, at }, cancellationToken);
        if (ended is null)
        {
            return;
        }

        await session.ExecuteAsync(EndSql, new { ended.Id, at }, cancellationToken);
        await measuring.MeasureAsync(session, [ended.Id], cancellationToken);
        var account = await BalanceAccount.LoadAsync(session, entitlement, cancellationToken);
        await PoolOpening.InsertAsync(session, account, at, now, cancellationToken);

        // Of a reset in the past: what sidecars settled and no event before it tells may have been spent after it.
        var settledSince = at < now ? 1 : 0;
        await session.ExecuteAsync(MoveSql, new { ended.Id, entitlementId = entitlement.Id, at, settledSince }, cancellationToken);
        await allowances.RefreshOpenAsync(session, entitlement.Id, now, cancellationToken);
    }

    private const string EndedSql = """
        select id
        from subscriptions.pool
        where entitlement_id = @Id and closed_at is null and period_start < @at and period_end > @at
        for update
        """;

    private const string EndSql = """
        update subscriptions.pool
        set period_end = @at,
            segment_start = least(segment_start, @at),
            segment_end = least(segment_end, @at),
            closed_at = clock_timestamp()
        where id = @Id
        """;

    private const string MoveSql = """
        update subscriptions.pool n
        set held = o.held,
            settled = @settledSince * greatest(0, o.settled - greatest(0, o.metered)),
            cap = o.held + @settledSince * greatest(0, o.settled - greatest(0, o.metered))
        from subscriptions.pool o
        where o.id = @Id and n.entitlement_id = @entitlementId and n.period_start = @at;
        update subscriptions.lease
        set pool_id = (select id from subscriptions.pool where entitlement_id = @entitlementId and period_start = @at)
        where pool_id = @Id and closed_at is null;
        update subscriptions.pool set held = 0 where id = @Id
        """;

    private sealed record EndedPool(Guid Id);
}
