using Metering.Platform.Database;
using NodaTime;

namespace Metering.Subscriptions.Customers.Tree;

/// <summary>Who stands under whom at an instant. Every walk is bounded by <see cref="MaxDepth"/>, which no tree exceeds.</summary>
internal static class CustomerTree
{
    /// <summary>Levels below the top.</summary>
    public const int MaxDepth = 8;

    /// <summary>Changes of the tree happen one after another: two that are fine alone could close a circle together.</summary>
    public static Task LockAsync(DbSession session, CancellationToken cancellationToken) =>
        session.ExecuteAsync("lock table subscriptions.customer_placement in share row exclusive mode", null, cancellationToken);

    /// <summary>Whether it stands above or below another, now or later.</summary>
    public static Task<bool> IsPlacedAsync(DbSession session, Guid customerId, Instant now, CancellationToken cancellationToken) =>
        session.SingleAsync<bool>(PlacedSql, new { customerId, now }, cancellationToken);

    public static Task<bool> HasChildrenAsync(DbSession session, Guid customerId, Instant now, CancellationToken cancellationToken) =>
        session.SingleAsync<bool>(ChildrenSql, new { customerId, now }, cancellationToken);

    public static async Task<bool> IsAtOrBelowAsync(
        DbSession session, Guid customerId, Guid above, Instant at, CancellationToken cancellationToken) =>
        customerId == above
        || await session.SingleAsync<bool>(AboveSql, new { customerId, above, at, MaxDepth }, cancellationToken);

    /// <summary>
    /// Whose access a change of these customers changes: they themselves, all below them, and the owners of the keys that name one of those.
    /// </summary>
    public static async Task<Guid[]> AffectedAsync(
        DbSession session, IReadOnlyCollection<Guid> customerIds, Instant at, CancellationToken cancellationToken) =>
        [.. await session.QueryAsync<Guid>(AffectedSql, new { ids = customerIds.ToArray(), at, MaxDepth }, cancellationToken)];

    /// <summary>Of these customers those that are suspended, or stand under one that is.</summary>
    public static async Task<HashSet<Guid>> SuspendedAsync(DbSession session, Guid[] ids, Instant at, CancellationToken cancellationToken) =>
        [.. await session.QueryAsync<Guid>(SuspendedSql, new { ids, at, MaxDepth }, cancellationToken)];

    private const string PlacedSql = """
        select exists (
            select from subscriptions.customer_placement
            where (customer_id = @customerId or parent_id = @customerId)
              and parent_id is not null
              and (effective_to is null or effective_to > @now)
        )
        """;

    private const string ChildrenSql = """
        select exists (
            select from subscriptions.customer_placement
            where parent_id = @customerId and (effective_to is null or effective_to > @now)
        )
        """;

    private const string AboveSql = """
        with recursive above as (
            select @customerId::uuid as id, 0 as depth
            union all
            select p.parent_id, a.depth + 1
            from above a
            join subscriptions.customer_placement p on p.customer_id = a.id
            where p.parent_id is not null
              and p.effective_from <= @at
              and (p.effective_to is null or p.effective_to > @at)
              and a.depth < @MaxDepth
        )
        select exists (select from above where id = @above)
        """;

    private const string AffectedSql = """
        with recursive below as (
            select unnest(@ids) as id, 0 as depth
            union
            select p.customer_id, b.depth + 1
            from below b
            join subscriptions.customer_placement p on p.parent_id = b.id
            where p.effective_from <= @at
              and (p.effective_to is null or p.effective_to > @at)
              and b.depth < @MaxDepth
        )
        select id from below
        union
        select c.customer_id
        from below b
        join subscriptions.credential c on c.application_id = b.id or c.agent_id = b.id
        where c.revoked_at is null
        """;

    private const string SuspendedSql = """
        with recursive above as (
            select id as customer_id, id, 0 as depth from unnest(@ids) as c (id)
            union all
            select a.customer_id, p.parent_id, a.depth + 1
            from above a
            join subscriptions.customer_placement p on p.customer_id = a.id
            where p.parent_id is not null
              and p.effective_from <= @at
              and (p.effective_to is null or p.effective_to > @at)
              and a.depth < @MaxDepth
        )
        select distinct a.customer_id
        from above a
        join subscriptions.customer c on c.id = a.id
        where c.suspended_at is not null
        """;
}
