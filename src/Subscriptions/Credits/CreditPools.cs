using Metering.Platform.Database;
using Metering.Platform.Identifiers;
using Metering.Subscriptions.Entitlements;
using Metering.Subscriptions.Leases;
using Metering.Subscriptions.Subscribing;
using NodaTime;

namespace Metering.Subscriptions.Credits;

/// <summary>
/// The pools of money behind prepaid entitlements. What one allows is what the account has free, computed anew in every exchange while the account
/// is locked: so pools stay stale for ever.
/// </summary>
internal sealed class CreditPools(MeteringDatabase database)
{
    /// <summary>One pool for each prepaid entitlement that is active and priced now, opened where nobody has asked before.</summary>
    /// <param name="ids">As asked for; those that are no ids of credit are passed over.</param>
    public async Task<IReadOnlyList<OpenPool>> OpenAsync(IReadOnlyCollection<Guid> ids, Instant now, CancellationToken cancellationToken)
    {
        if (ids.Count == 0)
        {
            return [];
        }

        await using var session = await database.BeginAsync(cancellationToken);
        var entitlements = await EntitlementRow.FindAllAsync(session, [.. ids.Select(CreditIds.Turned)], cancellationToken);
        var opened = new List<OpenPool>();
        foreach (var entitlement in entitlements.Where(one => one.IsActiveAt(now) && CreditPricing.IsPrepaid(one)))
        {
            var subscriptions = await SubscriptionReader.OfCustomerAsync(session, entitlement.CustomerId, cancellationToken);
            if (CreditPricing.Find(subscriptions, entitlement.FeatureKey, now) is not { } pricing || pricing.ToWire() is null)
            {
                continue;
            }

            var creditId = CreditIds.Turned(entitlement.Id);
            var pool = new
            {
                id = PublicId.New(now), creditId, start = pricing.Period.Start, end = pricing.Period.End, entitlement.CustomerId,
                code = pricing.Currency.Code, entitlement.FeatureKey,
            };
            await session.ExecuteAsync(OpenSql, pool, cancellationToken);
            var id = await session.FirstOrNoneAsync<Guid?>(FindSql, new { creditId, start = pricing.Period.Start }, cancellationToken);
            if (id is { } found)
            {
                opened.Add(new OpenPool(found, creditId, Measured: true));
            }
        }

        await session.CommitAsync(cancellationToken);
        return opened;
    }

    /// <summary>Computes what locked pools of money allow, and keeps their accounts locked.</summary>
    public static async Task RefreshAsync(DbSession session, IReadOnlyCollection<Guid> poolIds, CancellationToken cancellationToken)
    {
        await session.ExecuteAsync(LockAccountsSql, new { poolIds = poolIds.ToArray() }, cancellationToken);
        await session.ExecuteAsync(AllowSql, new { poolIds = poolIds.ToArray() }, cancellationToken);
    }

    private const string OpenSql = """
        insert into subscriptions.credit_account (customer_id, currency) values (@CustomerId, @code) on conflict do nothing;
        insert into subscriptions.pool (
            id, entitlement_id, period_start, period_end, counts_from, hard, gauge, cap, segment_start, segment_end, measured_at,
            credit_customer_id, credit_currency, credit_feature)
        values (
            @id, @creditId, @start, @end, @start, true, false, 0, @start, @end, clock_timestamp(), @CustomerId, @code, @FeatureKey)
        on conflict (entitlement_id, period_start) do nothing
        """;

    private const string FindSql =
        "select id from subscriptions.pool where entitlement_id = @creditId and period_start = @start and closed_at is null";

    private const string LockAccountsSql = """
        select customer_id
        from subscriptions.credit_account
        where (customer_id, currency) in (
            select credit_customer_id, credit_currency from subscriptions.pool where id = any(@poolIds) and credit_customer_id is not null)
        order by customer_id, currency
        for update
        """;

    private const string AllowSql = """
        update subscriptions.pool p
        set allowed = p.settled + p.held + a.balance - a.used, cap = greatest(p.settled + p.held, p.settled + p.held + a.balance - a.used)
        from subscriptions.credit_account a
        where p.id = any(@poolIds) and p.closed_at is null and a.customer_id = p.credit_customer_id and a.currency = p.credit_currency
        """;
}
