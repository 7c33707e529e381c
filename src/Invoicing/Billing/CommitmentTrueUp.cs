using System.Collections.Immutable;
using Metering.Invoicing.Invoices;
using Metering.Platform.Identifiers;
using Metering.Rating;
using Metering.Subscriptions.Subscribing;
using NodaTime;

namespace Metering.Invoicing.Billing;

/// <summary>
/// What is missing to the plan's commitment when a billing period ends, as a line of its own. Pure. Everything counts whose service period lies
/// within the billing period, also the fee in advance that an earlier document billed.
/// </summary>
internal static class CommitmentTrueUp
{
    /// <summary>Not the key of a rate card: those have no dots.</summary>
    public const string LineKey = "plan.commitment";

    private const string LineName = "Minimum spend";

    /// <summary>The billing periods that end after one boundary and no later than another.</summary>
    public static IEnumerable<LinePeriod> PeriodsClosedAt(BillableSubscription subscription, Instant? previous, Instant boundary) =>
        previous is not { } last
            ? []
            : subscription.CalendarOf(subscription.BillingCadence).PeriodsFrom(last)
                .TakeWhile(full => full.Start < boundary)
                .Select(full => Served(subscription, full))
                .OfType<LinePeriod>()
                .Where(line => line.Served.End > last && line.Served.End <= boundary);

    public static LinePeriod? PeriodRunningAt(BillableSubscription subscription, Instant now) =>
        Served(subscription, subscription.CalendarOf(subscription.BillingCadence).PeriodContaining(now));

    /// <returns>Null when the commitment is met.</returns>
    public static InvoiceLine? LineOf(
        BillableSubscription subscription, PlanCommitment commitment, LinePeriod period, IEnumerable<CountedAmount> counted, int position,
        Instant now)
    {
        var trueUp = commitment.TrueUp(
            period, subscription.Currency, LineContext.Of(subscription).Proration, Rounding.HalfAwayFromZero, counted);
        if (trueUp.Missing.IsZero)
        {
            return null;
        }

        var (agreed, charged) = (Text(trueUp.Committed), Text(trueUp.Counted));
        var phase = subscription.Phases.Last(one => one.From < period.Served.End);
        var charge = LineCharge.TrueUp($"{trueUp.Name}: {agreed} agreed, {charged} charged", trueUp.Missing);
        return new InvoiceLine(
            PublicId.New(now), position, LineName, phase.Key, LineKey, null, null, [], period.Served, period.Served.End, null,
            PriceSnapshot.Of(commitment, trueUp).ToJsonString(), [charge], trueUp.Missing)
        {
            SubscriptionId = subscription.Id,
            Plan = LineContext.Of(subscription).Plan,
            CreatedAt = now,
            UpdatedAt = now,
        };
    }

    private static LinePeriod? Served(BillableSubscription subscription, ServicePeriod full)
    {
        var start = Instant.Max(full.Start, subscription.ActiveFrom);
        var end = subscription.ActiveTo is { } to ? Instant.Min(full.End, to) : full.End;
        return start < end ? LinePeriod.Partly(full, new ServicePeriod(start, end)) : null;
    }

    private static string Text(Money money) => AmountText.Grouped(money.Amount, money.Currency);
}
