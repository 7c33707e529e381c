using Metering.Ingest.Meters;
using Metering.Ingest.Usage;
using Metering.Platform.Database;
using Metering.Rating;
using Metering.Subscriptions.Customers;
using NodaTime;

namespace Metering.Subscriptions.Access;

/// <summary>What entitlements are worth at an instant: OpenMeter's value object.</summary>
internal sealed class EntitlementValues(UsageReader usage, MeterCatalog meters)
{
    /// <summary>Null: the customer is not entitled to the feature.</summary>
    public async Task<EntitlementValue> OfAsync(
        DbSession session, EntitlementRow? entitlement, CustomerAccount customer, Instant at, bool isNow, CancellationToken cancellationToken) =>
        entitlement switch
        {
            null => EntitlementValue.None,
            { Kind: "static" } => new EntitlementValue(true, Config: entitlement.Config),
            { IsMetered: false } => new EntitlementValue(true),
            _ => Metered(entitlement, await UsedAsync(session, entitlement, customer, at, isNow, cancellationToken)),
        };

    /// <summary>
    /// Now, the pool knows best: it has what sidecars let through before the events arrive. In the past, and where nobody has leased yet, the
    /// events are all there is.
    /// </summary>
    private async Task<decimal> UsedAsync(
        DbSession session, EntitlementRow entitlement, CustomerAccount customer, Instant at, bool isNow, CancellationToken cancellationToken)
    {
        var pool = await session.FirstOrNoneAsync<PoolSpan>(PoolSql, new { entitlement.Id, at }, cancellationToken);
        var period = pool is null ? entitlement.PeriodAt(at) : new ServicePeriod(pool.PeriodStart, pool.PeriodEnd);
        var from = pool?.CountsFrom ?? Instant.Max(period.Start, entitlement.ActiveFrom);
        var to = isNow ? period.End : at;
        if (from >= to)
        {
            return 0m;
        }

        var query = new UsageQuery(entitlement.MeterSlug!, from, to) { Subjects = customer.SubjectKeys };
        var rows = await meters.FindAsync(query.MeterSlug, cancellationToken) is null ? [] : await usage.ReadAsync(query, cancellationToken);
        var metered = rows.Sum(row => row.Value);
        return isNow && pool is not null ? Math.Max(metered, pool.Settled) : metered;
    }

    private static EntitlementValue Metered(EntitlementRow entitlement, decimal used)
    {
        var counted = Math.Max(0m, used);
        var balance = Math.Max(0m, entitlement.Allowance - counted);
        return new EntitlementValue(
            entitlement.Soft || balance > 0m, balance, counted, Math.Max(0m, counted - entitlement.Allowance), entitlement.Allowance);
    }

    private const string PoolSql = """
        select period_start as periodStart, period_end as periodEnd, counts_from as countsFrom, settled
        from subscriptions.pool
        where entitlement_id = @Id and period_start <= @at and period_end > @at
        order by period_start
        limit 1
        """;

    private sealed record PoolSpan(Instant PeriodStart, Instant PeriodEnd, Instant CountsFrom, long Settled);
}

/// <param name="Balance">What is left of the period's allowance; never below 0.</param>
/// <param name="Overage">What was used beyond the allowance.</param>
internal sealed record EntitlementValue(
    bool HasAccess,
    decimal? Balance = null,
    decimal? Usage = null,
    decimal? Overage = null,
    decimal? TotalAvailableGrantAmount = null,
    string? Config = null)
{
    public static readonly EntitlementValue None = new(false);
}
