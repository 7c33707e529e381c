using Metering.Platform.Clock;
using Metering.Platform.Database;
using Metering.Subscriptions.Snapshots;
using NodaTime;

namespace Metering.Subscriptions.Leases;

/// <summary>
/// Within a usage period grants begin, end and recur at instants known beforehand. When one comes, the pool's allowance is computed anew and
/// the customer's sidecars are told.
/// </summary>
internal sealed class PoolSegments(MeteringDatabase database, PoolAllowances allowances) : IDueWork
{
    private const int BatchSize = 200;

    public async Task<Instant?> NextDueAsync(CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(cancellationToken);
        return await session.FirstOrNoneAsync<Instant?>(
            "select segment_end from subscriptions.pool where closed_at is null and credit_customer_id is null order by segment_end limit 1", null,
            cancellationToken);
    }

    public async Task RunDueAsync(Instant now, CancellationToken cancellationToken)
    {
        int taken;
        do
        {
            await using var session = await database.BeginAsync(cancellationToken);
            var due = await session.QueryAsync<Guid>(DueSql, new { now, BatchSize }, cancellationToken);
            taken = due.Count;
            var changed = await allowances.RefreshAsync(session, due, now, cancellationToken);
            if (changed.Count > 0)
            {
                await SnapshotVersions.BumpAsync(session, [.. changed.Select(entitlement => entitlement.CustomerId).Distinct()], cancellationToken);
            }

            await session.CommitAsync(cancellationToken);
        }
        while (taken == BatchSize);
    }

    // Found first and locked in the order of ids, as everybody locks them. A period that has ended is closed, not computed.
    private const string DueSql = """
        select id
        from subscriptions.pool
        where id in (
            select id
            from subscriptions.pool
            where closed_at is null and credit_customer_id is null and segment_end <= @now and period_end > @now
            order by segment_end, id
            limit @BatchSize
        )
        order by id
        for update
        """;
}
