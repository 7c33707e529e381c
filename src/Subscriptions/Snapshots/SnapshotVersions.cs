using Metering.Platform.Database;

namespace Metering.Subscriptions.Snapshots;

/// <summary>The order in which customers changed, and the bell that says so.</summary>
internal static class SnapshotVersions
{
    public const string Channel = "metering_snapshot";

    /// <summary>
    /// Says that what these customers may do has changed. To be called last in a transaction: it takes the head's lock, which is held until
    /// the commit, so that whoever sees a version sees all before it.
    /// </summary>
    public static async Task BumpAsync(DbSession session, IReadOnlyCollection<Guid> customerIds, CancellationToken cancellationToken)
    {
        var count = customerIds.Count;
        var last = await session.SingleAsync<long>(TakeSql, new { count }, cancellationToken);
        await session.ExecuteAsync(StampSql, new { customerIds = customerIds.ToArray(), first = last - count }, cancellationToken);
    }

    private const string TakeSql = """
        update subscriptions.snapshot_head
        set version = version + @count
        returning version
        """;

    // The bell rings when, and only when, the transaction commits.
    private const string StampSql = """
        insert into subscriptions.customer_version (customer_id, version)
        select customer_id, @first + place
        from unnest(@customerIds) with ordinality as c (customer_id, place)
        on conflict (customer_id) do update set version = excluded.version;
        select pg_notify('metering_snapshot', '')
        """;
}
