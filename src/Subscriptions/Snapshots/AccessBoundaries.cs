using Metering.Platform.Clock;
using Metering.Platform.Database;
using Metering.Subscriptions.Customers.Tree;
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
            var boundaries = await session.QueryAsync<(Guid CustomerId, bool Moves)>(TakeSql, new { now, BatchSize }, cancellationToken);
            taken = boundaries.Count;
            if (taken > 0)
            {
                // Whoever moves in the tree takes all below along.
                Guid[] moving = [.. boundaries.Where(boundary => boundary.Moves).Select(boundary => boundary.CustomerId)];
                var below = moving.Length == 0 ? [] : await CustomerTree.AffectedAsync(session, moving, now, cancellationToken);
                await SnapshotVersions.BumpAsync(
                    session, [.. boundaries.Select(boundary => boundary.CustomerId).Union(below)], cancellationToken);
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
        returning customer_id, exists (
            select from subscriptions.customer_placement p
            where p.customer_id = access_boundary.customer_id and p.effective_from = access_boundary.at
        )
        """;
}
