using System.Collections.Immutable;
using Metering.Ingest.Meters;
using Metering.Ingest.Usage;
using Metering.Platform.Database;
using Metering.Subscriptions.Customers;
using NodaTime;

namespace Metering.Subscriptions.Access;

/// <summary>What a customer may do, for other modules.</summary>
public sealed class AccessReader(MeteringDatabase database, UsageReader usage, MeterCatalog meters)
{
    private readonly EntitlementValues values = new(usage, meters);

    /// <summary>The entitlements that are active at <paramref name="now"/>, by feature.</summary>
    public async Task<ImmutableArray<GrantedAccess>> OfCustomerAsync(CustomerAccount customer, Instant now, CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(cancellationToken);
        var granted = ImmutableArray.CreateBuilder<GrantedAccess>();
        foreach (var entitlement in await EntitlementRow.ActiveAsync(session, customer.Id, now, cancellationToken))
        {
            var value = await values.OfAsync(session, entitlement, customer, now, isNow: true, cancellationToken);
            granted.Add(new GrantedAccess(
                entitlement.FeatureKey, value.HasAccess, entitlement.IsMetered, value.Usage, value.TotalAvailableGrantAmount,
                entitlement.IsMetered ? entitlement.PeriodAt(now).End : null, entitlement.Soft));
        }

        return granted.ToImmutable();
    }
}

/// <summary>One entitlement and what it is worth now.</summary>
/// <param name="Used">In the running usage period; null when nothing is metered.</param>
/// <param name="Allowance">How much the period allows; null when nothing is metered.</param>
/// <param name="ResetsAt">When the next period begins; null when nothing is metered.</param>
/// <param name="IsSoft">Usage goes on beyond the allowance.</param>
public sealed record GrantedAccess(
    string FeatureKey, bool HasAccess, bool IsMetered, decimal? Used, decimal? Allowance, Instant? ResetsAt, bool IsSoft);
