using System.Collections.Immutable;
using Metering.Ingest.Usage;
using Metering.Invoicing.Billing;
using Metering.Platform.Database;
using Metering.Rating;
using Metering.Subscriptions.Customers;
using Metering.Subscriptions.Subscribing;
using NodaTime;

namespace Metering.Invoicing.Invoices;

/// <summary>
/// What the running period has cost so far: the same plan and the same rating as the bill, over the usage there is now.
/// Nothing is stored. A minimum counts as if the period ended now, because it will be owed.
/// </summary>
public sealed class UpcomingReader(MeteringDatabase database, SubscriptionReader subscriptions, UsageReader usage, LineRating rating)
{
    /// <returns>One per subscription that is active at <paramref name="now"/>.</returns>
    public async Task<ImmutableArray<UpcomingCost>> OfCustomerAsync(CustomerAccount customer, Instant now, CancellationToken cancellationToken)
    {
        var costs = ImmutableArray.CreateBuilder<UpcomingCost>();
        var watermark = await usage.CurrentWatermarkAsync(cancellationToken);
        foreach (var subscription in await subscriptions.OfCustomerAsync(customer.Id, cancellationToken))
        {
            if (subscription.ActiveFrom > now || subscription.ActiveTo <= now)
            {
                continue;
            }

            var planned = BillingPlanner.LinesRunningAt(subscription, now);
            var rated = await rating.RateAsync(subscription, planned, watermark, now, cancellationToken);
            await using var session = await database.OpenAsync(cancellationToken);
            var lines = await CommitmentRating.AddRunningAsync(session, subscription, LineRating.Shown(rated.Lines), now, cancellationToken);
            var total = lines.Aggregate(Money.Zero(subscription.Currency), (sum, line) => sum + line.Amount);
            costs.Add(new UpcomingCost(subscription, PeriodAt(subscription, now), BillingTimeline.NextBoundary(subscription, now), lines, total)
            {
                Unpriced = rated.Blocks,
                Blocked = await BlockedPeriod.FindAsync(session, subscription.Id, cancellationToken),
            });
        }

        return costs.ToImmutable();
    }

    private static ServicePeriod PeriodAt(BillableSubscription subscription, Instant now)
    {
        var full = subscription.CalendarOf(subscription.BillingCadence).PeriodContaining(now);
        return new ServicePeriod(
            Instant.Max(full.Start, subscription.ActiveFrom), subscription.ActiveTo is { } end ? Instant.Min(full.End, end) : full.End);
    }
}
