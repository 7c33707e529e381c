using System.Collections.Immutable;
using Metering.Ingest.Meters;
using Metering.Ingest.Usage;
using Metering.Platform.Database;
using Metering.Subscriptions.Customers;
using Metering.Subscriptions.Entitlements;
using Metering.Subscriptions.Entitlements.Balances;
using Metering.Subscriptions.Features;
using NodaTime;

namespace Metering.Subscriptions.Access;

/// <summary>What a customer may do, for other modules.</summary>
public sealed class AccessReader(MeteringDatabase database, UsageReader usage, MeterCatalog meters)
{
    private readonly EntitlementValues values = new(new BalanceReader(new PhaseUsage(usage, meters), new BalanceSnapshots(database)));

    /// <summary>The entitlements that are active at <paramref name="now"/>, by feature.</summary>
    public async Task<ImmutableArray<GrantedAccess>> OfCustomerAsync(CustomerAccount customer, Instant now, CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(cancellationToken);
        var granted = ImmutableArray.CreateBuilder<GrantedAccess>();
        var entitlements = await EntitlementRow.ActiveAsync(session, customer.Id, now, cancellationToken);
        var features = await FeatureRow.FindAllAsync(session, entitlements.Select(one => one.FeatureKey), cancellationToken);
        foreach (var entitlement in entitlements)
        {
            var value = await values.NowAsync(session, entitlement, now, cancellationToken);
            var name = features.GetValueOrDefault(entitlement.FeatureKey)?.Name ?? entitlement.FeatureKey;
            granted.Add(new GrantedAccess(
                entitlement.FeatureKey, name, value.HasAccess, entitlement.IsMetered, value.Usage, value.TotalAvailableGrantAmount,
                value.Period?.End, entitlement.Soft));
        }

        return granted.ToImmutable();
    }
}
