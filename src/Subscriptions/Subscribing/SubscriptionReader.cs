using System.Collections.Immutable;
using Metering.Platform.Database;

namespace Metering.Subscriptions.Subscribing;

/// <summary>Reads subscriptions for billing and for the portal.</summary>
public sealed class SubscriptionReader(MeteringDatabase database)
{
    public Task<BillableSubscription?> FindAsync(Guid id, CancellationToken cancellationToken) => throw new NotImplementedException($"{database}");

    /// <summary>Every subscription of a customer, also ended ones, oldest first.</summary>
    public Task<ImmutableArray<BillableSubscription>> OfCustomerAsync(Guid customerId, CancellationToken cancellationToken) =>
        throw new NotImplementedException();
}
