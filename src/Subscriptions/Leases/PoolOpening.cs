using System.Collections.Immutable;
using Metering.Platform.Database;
using Metering.Platform.Identifiers;
using Metering.Subscriptions.Entitlements;
using Metering.Subscriptions.Entitlements.Balances;
using NodaTime;

namespace Metering.Subscriptions.Leases;

/// <summary>
/// Finds the pool of an entitlement's present period, opening it first where nobody has asked before. A new pool is committed before its
/// usage is measured and its allowance computed: an event or a grant that is recorded in between then finds the pool and does so again.
/// </summary>
internal sealed class PoolOpening(MeteringDatabase database)
{
    /// <returns>One pool for each metered entitlement that is active at <paramref name="now"/>.</returns>
    public async Task<IReadOnlyList<OpenPool>> OpenAsync(IReadOnlyList<EntitlementRow> entitlements, Instant now, CancellationToken cancellationToken)
    {
        var active = entitlements.Where(entitlement => entitlement.IsMetered && entitlement.IsActiveAt(now)).ToList();
        Guid[] ids = [.. active.Select(entitlement => entitlement.Id)];
        IReadOnlyList<OpenPool> open;
        await using (var session = await database.OpenAsync(cancellationToken))
        {
            open = await session.QueryAsync<OpenPool>(FindSql, new { ids, now }, cancellationToken);
        }

        ImmutableArray<EntitlementRow> missing = [.. active.Where(entitlement => open.All(pool => pool.EntitlementId != entitlement.Id))];
        if (missing.IsEmpty)
        {
            return open;
        }

        await using var opening = await database.BeginAsync(cancellationToken);
        await opening.ExecuteAsync(ShareSql, new { ids = missing.Select(entitlement => entitlement.Id).ToArray() }, cancellationToken);
        foreach (var entitlement in missing)
        {
            var account = await BalanceAccount.LoadAsync(opening, entitlement, cancellationToken);
            await InsertAsync(opening, account, now, now, cancellationToken);
        }

        await opening.CommitAsync(cancellationToken);
        await using var again = await database.OpenAsync(cancellationToken);
        return await again.QueryAsync<OpenPool>(FindSql, new { ids, now }, cancellationToken);
    }

    /// <summary>The pool of the usage period that contains an instant; stale until its allowance is computed.</summary>
    public static Task<int> InsertAsync(DbSession session, BalanceAccount account, Instant at, Instant now, CancellationToken cancellationToken)
    {
        var (entitlement, period) = (account.Entitlement, account.Periods.PeriodAt(at));
        var pool = new
        {
            id = PublicId.New(now),
            entitlementId = entitlement.Id,
            periodStart = period.Start,
            periodEnd = period.End,
            countsFrom = Instant.Max(period.Start, entitlement.MeasuredFrom),
            hard = !entitlement.Soft,
            gauge = entitlement.IsGauge,
        };
        return session.ExecuteAsync(InsertSql, pool, cancellationToken);
    }

    /// <summary>The subjects of the customer changed: its running periods are measured anew before the next lease.</summary>
    public static Task ForgetMeasurementsAsync(DbSession session, Guid customerId, CancellationToken cancellationToken) =>
        session.ExecuteAsync(ForgetSql, new { customerId }, cancellationToken);

    // Whoever changes grants or resets usage holds the row alone until it commits.
    private const string ShareSql = "select id from subscriptions.entitlement where id = any(@ids) order by id for share";

    private const string FindSql = """
        select distinct on (entitlement_id) id, entitlement_id as entitlementId, measured_at is not null as measured
        from subscriptions.pool
        where entitlement_id = any(@ids) and period_start <= @now and period_end > @now
        order by entitlement_id, period_start
        """;

    // Whoever opens the same pool at the same time loses without harm: either the start conflicts or nothing is left of the period.
    private const string InsertSql = """
        insert into subscriptions.pool
            (id, entitlement_id, period_start, period_end, counts_from, hard, gauge, cap, segment_start, segment_end)
        select @id, @entitlementId, start, @periodEnd, greatest(start, @countsFrom), @hard, @gauge, 0, start, @periodEnd
        from (
            select greatest(@periodStart, max(period_end)) as start
            from subscriptions.pool
            where entitlement_id = @entitlementId
        ) as after_the_last
        where start < @periodEnd
        on conflict (entitlement_id, period_start) do nothing
        """;

    private const string ForgetSql = """
        update subscriptions.pool
        set measured_at = null, stale = true
        where id in (
            select p.id
            from subscriptions.pool p
            join subscriptions.entitlement e on e.id = p.entitlement_id
            where e.customer_id = @customerId and p.closed_at is null
            order by p.id
            for update of p
        )
        """;
}

/// <param name="Measured">False until its usage has been read once.</param>
internal sealed record OpenPool(Guid Id, Guid EntitlementId, bool Measured);
