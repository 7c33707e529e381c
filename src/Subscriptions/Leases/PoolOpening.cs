using Metering.Platform.Database;
using Metering.Platform.Identifiers;
using Metering.Subscriptions.Access;
using NodaTime;

namespace Metering.Subscriptions.Leases;

/// <summary>
/// Finds the pool of an entitlement's present period, opening it first where nobody has asked before. A new pool is committed before its
/// usage is measured: an event that is recorded in between then finds the pool and measures it again, so none is missed.
/// </summary>
internal sealed class PoolOpening(MeteringDatabase database)
{
    /// <returns>One pool for each metered entitlement that is active at <paramref name="now"/>.</returns>
    public async Task<IReadOnlyList<OpenPool>> OpenAsync(IReadOnlyList<EntitlementRow> entitlements, Instant now, CancellationToken cancellationToken)
    {
        var active = entitlements.Where(entitlement => entitlement.IsMetered && entitlement.IsActiveAt(now)).ToList();
        Guid[] ids = [.. active.Select(entitlement => entitlement.Id)];
        await using var session = await database.OpenAsync(cancellationToken);
        var open = await session.QueryAsync<OpenPool>(FindSql, new { ids, now }, cancellationToken);
        var missing = active.Where(entitlement => open.All(pool => pool.EntitlementId != entitlement.Id)).ToList();
        if (missing.Count == 0)
        {
            return open;
        }

        foreach (var entitlement in missing)
        {
            await session.ExecuteAsync(InsertSql, NewPool(entitlement, now), cancellationToken);
        }

        return await session.QueryAsync<OpenPool>(FindSql, new { ids, now }, cancellationToken);
    }

    /// <summary>The subjects of the customer changed: its running periods are measured anew before the next lease.</summary>
    public static Task ForgetMeasurementsAsync(DbSession session, Guid customerId, CancellationToken cancellationToken) =>
        session.ExecuteAsync(ForgetSql, new { customerId }, cancellationToken);

    private static object NewPool(EntitlementRow entitlement, Instant now)
    {
        var period = entitlement.PeriodAt(now);
        return new
        {
            id = PublicId.New(now),
            entitlementId = entitlement.Id,
            periodStart = period.Start,
            periodEnd = period.End,
            countsFrom = Instant.Max(period.Start, entitlement.ActiveFrom),
            hard = !entitlement.Soft,
            entitlement.Allowance,
        };
    }

    private const string FindSql = """
        select distinct on (entitlement_id) id, entitlement_id as entitlementId, measured_at is not null as measured
        from subscriptions.pool
        where entitlement_id = any(@ids) and period_start <= @now and period_end > @now
        order by entitlement_id, period_start
        """;

    // Whoever opens the same pool at the same time loses without harm: either the start conflicts or nothing is left of the period.
    // A customer who moves to another zone ends the running period where it was going to end; the next one starts there and not a day apart.
    private const string InsertSql = """
        insert into subscriptions.pool (id, entitlement_id, period_start, period_end, counts_from, hard, cap)
        select @id, @entitlementId, start, @periodEnd, greatest(start, @countsFrom), @hard, @Allowance
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
        set measured_at = null
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
