using System.Collections.Immutable;
using Metering.Rating;
using Metering.Subscriptions.Subscribing;
using NodaTime;

namespace Metering.Invoicing.Invoices;

/// <summary>The running period of one subscription.</summary>
/// <param name="NextBoundary">When it is billed next; null when it ends before.</param>
public sealed record UpcomingCost(
    BillableSubscription Subscription, ServicePeriod Period, Instant? NextBoundary, ImmutableArray<InvoiceLine> Lines, Money Total);
