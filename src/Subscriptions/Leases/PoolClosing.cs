using Metering.Platform.Clock;
using Metering.Platform.Database;
using NodaTime;

namespace Metering.Subscriptions.Leases;

/// <summary>
/// A period that has ended grants nothing any more, so what its leases still hold is let go: they are settled to what was last reported. A
/// report that comes later is still taken and settles exactly.
/// </summary>
internal sealed class PoolClosing(MeteringDatabase database) : IDueWork
{
    private const int BatchSize = 500;

    public async Task<Instant?> NextDueAsync(CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(cancellationToken);
        return await session.FirstOrNoneAsync<Instant?>(
            "select period_end from subscriptions.pool where closed_at is null and credit_customer_id is null order by period_end limit 1", null,
            cancellationToken);
    }

    public async Task RunDueAsync(Instant now, CancellationToken cancellationToken)
    {
        int closed;
        do
        {
            await using var session = await database.BeginAsync(cancellationToken);
            Guid[] poolIds = [.. await session.QueryAsync<Guid>(LockSql, new { now, BatchSize }, cancellationToken)];
            await session.ExecuteAsync(CloseSql, new { poolIds }, cancellationToken);
            await session.CommitAsync(cancellationToken);
            closed = poolIds.Length;
        }
        while (closed == BatchSize);
        await using var forgetting = await database.OpenAsync(cancellationToken);
        await forgetting.ExecuteAsync(ForgetSql, null, cancellationToken);
    }

    // Found first and locked in the order of ids, as everybody locks them. What was held of money stays held until the period is billed: other
    // periods are filled from the same account.
    private const string LockSql = """
        select id
        from subscriptions.pool
        where id in (
            select id
            from subscriptions.pool
            where closed_at is null and credit_customer_id is null and period_end <= @now
            order by period_end, id
            limit @BatchSize
        )
        order by id
        for update
        """;

    // No question is underway for a day.
    private const string ForgetSql = """
        delete from subscriptions.lease
        where pool_id is null and closed_at < clock_timestamp() - interval '1 day'
        """;

    private const string CloseSql = """
        update subscriptions.lease set held = 0 where pool_id = any(@poolIds) and held > 0;
        update subscriptions.pool set held = 0, closed_at = clock_timestamp() where id = any(@poolIds) and closed_at is null
        """;
}
