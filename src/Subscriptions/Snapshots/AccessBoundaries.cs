using Metering.Platform.Clock;
using Metering.Platform.Database;
using NodaTime;

namespace Metering.Subscriptions.Snapshots;

/// <summary>
/// Instants at which what a customer may do changes by itself: a subscription starts, goes into its next phase, ends. When one comes the
/// customer is compiled anew. A boundary that no longer means anything costs one needless version.
/// </summary>
internal sealed class AccessBoundaries(MeteringDatabase database) : IDueWork
{
    private const int BatchSize = 500;

    /// <summary>A boundary that is not in the future needs no waiting for: the change that made it bumps the version itself.</summary>
    public static Task AddAsync(DbSession session, Guid customerId, Instant at, Instant now, CancellationToken cancellationToken) =>
        at <= now ? Task.CompletedTask : session.ExecuteAsync(InsertSql, new { customerId, at }, cancellationToken);

    public async Task<Instant?> NextDueAsync(CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(cancellationToken);
        return await session.FirstOrNoneAsync<Instant?>("select at from subscriptions.access_boundary order by at limit 1", null, cancellationToken);
    }

    public async Task RunDueAsync(Instant now, CancellationToken cancellationToken)
    {
        int taken;
        do
        {
            await using var session = await database.BeginAsync(cancellationToken);
            var customers = await session.QueryAsync<Guid>(TakeSql, new { now, BatchSize }, cancellationToken);
            taken = customers.Count;
            if (taken > 0)
            {
                await SnapshotVersions.BumpAsync(session, [.. customers.Distinct()], cancellationToken);
            }

            await session.CommitAsync(cancellationToken);
        }
        while (taken == BatchSize);
    }

    private const string InsertSql = """
        insert into subscriptions.access_boundary (at, customer_id)
        values (@at, @customerId)
        on conflict do nothing
        """;

    private const string TakeSql = """
        delete from subscriptions.access_boundary
        where (at, customer_id) in (
            select at, customer_id
            from subscriptions.access_boundary
            where at <= @now
            order by at, customer_id
            limit @BatchSize
            for update
        )
        returning customer_id
        """;
}
