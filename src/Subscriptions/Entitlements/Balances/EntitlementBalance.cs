using Metering.Rating;
using NodaTime;

namespace Metering.Subscriptions.Entitlements.Balances;

/// <summary>What a metered entitlement is worth at an instant.</summary>
/// <param name="Usage">In the usage period so far.</param>
/// <param name="Available">What the usage period had to offer: what was burnt in it and what is left.</param>
/// <param name="Period">The usage period.</param>
/// <param name="Grants">What is left of each grant in force, by grant id.</param>
internal sealed record EntitlementBalance(
    decimal Balance, decimal Usage, decimal Overage, decimal Available, ServicePeriod Period, IReadOnlyDictionary<string, decimal> Grants)
{
    public static EntitlementBalance Of(GrantSnapshot state, ServicePeriod period) => new(
        state.Balance, state.PeriodUsage, state.Overage, state.TotalAvailable, period,
        state.Balances.ToDictionary(grant => grant.GrantId, grant => grant.Balance, StringComparer.Ordinal));

    /// <summary>A level is not burnt: each grant in force offers its whole amount.</summary>
    public static EntitlementBalance Of(GaugeLimit limit, BalanceAccount account, Instant at, ServicePeriod period) => new(
        limit.Balance, limit.Reading, limit.Overage, limit.Limit, period,
        account.Grants.Where(grant => grant.IsInForceAt(at)).ToDictionary(grant => grant.Id, grant => grant.Amount, StringComparer.Ordinal));
}
