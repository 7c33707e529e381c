using System.Collections.Immutable;
using Metering.Invoicing.Billing;
using Metering.Rating;
using Metering.Subscriptions.Subscribing;
using NodaTime;

namespace Metering.Invoicing.Invoices;

/// <summary>The running period of one subscription.</summary>
/// <param name="NextBoundary">When it is billed next; null when it ends before.</param>
public sealed record UpcomingCost(
    BillableSubscription Subscription, ServicePeriod Period, Instant? NextBoundary, ImmutableArray<InvoiceLine> Lines, Money Total)
{
    /// <summary>Usage of the running period that has no price and is not in the total.</summary>
    public ImmutableArray<BlockReason> Unpriced { get; init; } = [];

    /// <summary>An earlier period that has ended and could not be billed; null when there is none.</summary>
    public BlockedPeriod? Blocked { get; init; }
}
