using Metering.Rating;
using Metering.Subscriptions.Subscribing;
using NodaTime;

namespace Metering.Invoicing.Billing;

/// <summary>The instants at which a subscription is billed. Pure.</summary>
/// <remarks>
/// <code>
/// calendar          |---------------|---------------|---------------|
/// phases               trial   |  standard ...
/// active               [=======|====|===============|======)
/// boundaries           0       1    2               3      4
/// </code>
/// At each boundary what ended there is billed in arrears, and what opens there in advance. The first boundary only opens,
/// the last only closes.
/// </remarks>
public static class BillingTimeline
{
    /// <summary>The first boundary after <paramref name="after"/>, or of all when null; null when the subscription has no further one.</summary>
    public static Instant? NextBoundary(BillableSubscription subscription, Instant? after)
    {
        if (subscription.ActiveTo <= subscription.ActiveFrom)
        {
            return null;
        }

        if (after is not { } last)
        {
            return subscription.ActiveFrom;
        }

        if (last >= subscription.ActiveTo)
        {
            return null;
        }

        var next = CalendarOf(subscription, subscription.BillingCadence).PeriodContaining(last).End;
        foreach (var phase in subscription.Phases)
        {
            next = phase.From > last ? Instant.Min(next, phase.From) : next;
        }

        return subscription.ActiveTo is { } end ? Instant.Min(next, end) : next;
    }

    /// <summary>The periods of a cadence, counted from the subscription's anchor in the customer's zone.</summary>
    internal static BillingCalendar CalendarOf(BillableSubscription subscription, Cadence cadence) =>
        new(cadence, subscription.BillingAnchor, subscription.Customer.Zone);

    /// <summary>What of a phase is active; null when nothing is.</summary>
    internal static (Instant From, Instant? To)? WindowOf(BillableSubscription subscription, BillablePhase phase)
    {
        var from = Instant.Max(phase.From, subscription.ActiveFrom);
        var to = (phase.To, subscription.ActiveTo) switch
        {
            ({ } phaseEnd, { } end) => Instant.Min(phaseEnd, end),
            var (phaseEnd, end) => phaseEnd ?? end,
        };
        return to <= from ? null : (from, to);
    }
}
