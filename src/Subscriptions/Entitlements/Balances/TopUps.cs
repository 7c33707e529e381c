using Metering.Platform.Database;
using NodaTime;

namespace Metering.Subscriptions.Entitlements.Balances;

/// <summary>
/// Top-ups outlive the phase or the plan beside which they were bought: the entitlement that follows without a gap goes on with what is left
/// of them. What the plan itself gave ends with it.
/// </summary>
internal static class TopUps
{
    private const int MaxEntitlements = 100;

    /// <summary>The entitlement before this one, when there are top-ups to go on with.</summary>
    public static Task<EntitlementRow?> HeldBeforeAsync(DbSession session, EntitlementRow entitlement, CancellationToken cancellationToken) =>
        entitlement is { IsMetered: true, IsOfSubscription: true }
            ? session.FirstOrNoneAsync<EntitlementRow>(BeforeSql, new { entitlement.Id, MaxEntitlements }, cancellationToken)
            : Task.FromResult<EntitlementRow?>(null);

    /// <summary>The entitlement that goes on with the top-ups of this one at an instant; itself when none has followed.</summary>
    public static async Task<EntitlementRow> HolderAsync(
        DbSession session, EntitlementRow entitlement, Instant at, CancellationToken cancellationToken) =>
        await session.FirstOrNoneAsync<EntitlementRow>(HolderSql, new { entitlement.Id, at, MaxEntitlements }, cancellationToken) ?? entitlement;

    /// <summary>The entitlements whose top-ups this one may go on with, itself included.</summary>
    public static async Task<Guid[]> SourcesAsync(DbSession session, Guid entitlementId, CancellationToken cancellationToken) =>
        [.. await session.QueryAsync<Guid>(ChainSql + "select id from chain", new { Id = entitlementId, MaxEntitlements }, cancellationToken)];

    // One after another, each ending where the next begins.
    private const string ChainSql = """
        with recursive chain as (
            select id, customer_id, feature_id, active_from, 0 as place
            from subscriptions.entitlement
            where id = @Id
            union all
            select p.id, p.customer_id, p.feature_id, p.active_from, c.place + 1
            from chain c
            join subscriptions.entitlement p on p.customer_id = c.customer_id and p.feature_id = c.feature_id and p.active_to = c.active_from
                and p.active_from < p.active_to and p.origin = 'subscription' and p.kind = 'metered' and p.deleted_at is null
            where c.place < @MaxEntitlements
        )

        """;

    private const string BeforeSql = ChainSql + EntitlementRow.SelectSql + """
         where e.id = (select id from chain where place = 1)
          and exists (
            select from subscriptions.entitlement_grant g
            join chain o on o.id = g.entitlement_id and o.place > 0
            where g.origin = 'customer'
              and not g.is_issue
              and (g.expires_at is null or g.expires_at > (select active_from from chain where place = 0))
              and (g.voided_at is null or g.voided_at > (select active_from from chain where place = 0))
        )
        """;

    private const string HolderSql = """
        with recursive chain as (
            select id, customer_id, feature_id, active_to, 0 as place
            from subscriptions.entitlement
            where id = @Id and origin = 'subscription'
            union all
            select n.id, n.customer_id, n.feature_id, n.active_to, c.place + 1
            from chain c
            join subscriptions.entitlement n on n.customer_id = c.customer_id and n.feature_id = c.feature_id and n.active_from = c.active_to
                and (n.active_to is null or n.active_from < n.active_to) and n.origin = 'subscription' and n.kind = 'metered' and n.deleted_at is null
            where c.place < @MaxEntitlements and n.active_from <= @at
        )

        """ + EntitlementRow.SelectSql + " where e.id = (select id from chain order by place desc limit 1)";
}
