using System.Collections.Immutable;
using System.Text.Json.Serialization;
using Metering.Platform.Database;
using Metering.Rating;
using Metering.Subscriptions.Customers.Tree;
using Metering.Subscriptions.Entitlements;
using Metering.Subscriptions.Entitlements.Balances;
using NodaTime;

namespace Metering.Subscriptions.Access;

/// <summary>What entitlements are worth: OpenMeter's value object.</summary>
internal sealed class EntitlementValues(BalanceReader balances)
{
    /// <summary>A customer that is suspended, or stands under one that is, has access to nothing, whatever is left.</summary>
    public async Task<EntitlementValue> NowAsync(
        DbSession session, EntitlementRow? entitlement, Instant now, CancellationToken cancellationToken)
    {
        var value = entitlement is { IsMetered: true } && entitlement.IsActiveAt(now)
            ? Metered(entitlement, await balances.NowAsync(session, entitlement, now, cancellationToken))
            : Unmetered(entitlement, now);
        return value.HasAccess && (await CustomerTree.SuspendedAsync(session, [entitlement!.CustomerId], now, cancellationToken)).Count > 0
            ? value with { HasAccess = false, IsSuspended = true }
            : value;
    }

    public async Task<EntitlementValue> AtAsync(
        DbSession session, EntitlementRow? entitlement, Instant at, CancellationToken cancellationToken) =>
        entitlement is { IsMetered: true } && entitlement.IsActiveAt(at)
            ? Metered(entitlement, await balances.AtAsync(session, entitlement, at, cancellationToken))
            : Unmetered(entitlement, at);

    private static EntitlementValue Unmetered(EntitlementRow? entitlement, Instant at) =>
        entitlement is { IsMetered: false } && entitlement.IsActiveAt(at)
            ? new EntitlementValue(true, Config: entitlement.Config)
            : EntitlementValue.None;

    private static EntitlementValue Metered(EntitlementRow entitlement, EntitlementBalance balance) => new(
        entitlement.Soft || balance.Balance > 0m, balance.Balance, balance.Usage, balance.Overage, balance.Available,
        GrantBalances: balance.Grants.ToImmutableSortedDictionary(StringComparer.Ordinal))
    {
        Period = balance.Period,
    };
}

/// <param name="Balance">What is left of the grants in force; never below 0.</param>
/// <param name="Usage">In the usage period.</param>
/// <param name="Overage">What was used that no grant covered.</param>
/// <param name="TotalAvailableGrantAmount">What the usage period had to offer.</param>
/// <param name="GrantBalances">By grant id; of the customer-scoped calls of version 2.</param>
internal sealed record EntitlementValue(
    bool HasAccess,
    decimal? Balance = null,
    decimal? Usage = null,
    decimal? Overage = null,
    decimal? TotalAvailableGrantAmount = null,
    string? Config = null,
    ImmutableSortedDictionary<string, decimal>? GrantBalances = null)
{
    public static readonly EntitlementValue None = new(false);

    /// <summary>The usage period, when something is metered.</summary>
    [JsonIgnore]
    public ServicePeriod? Period { get; init; }

    [JsonIgnore]
    public bool IsSuspended { get; init; }

    /// <summary>As version 1 of the API shows it.</summary>
    public EntitlementValue WithoutGrants() => this with { GrantBalances = null };
}
