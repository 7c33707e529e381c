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
/// the last only closes. An edit is no boundary: what it takes back and what it adds stand together on the next bill.
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

        var next = subscription.CalendarOf(subscription.BillingCadence).PeriodContaining(last).End;
        foreach (var phase in subscription.Phases)
        {
            next = phase.From > last ? Instant.Min(next, phase.From) : next;
        }

        return subscription.ActiveTo is { } end ? Instant.Min(next, end) : next;
    }

    /// <summary>When an item is active: while its phase is, its subscription is, and it is sold; null when never.</summary>
    internal static (Instant From, Instant? To)? WindowOf(BillableSubscription subscription, BillablePhase phase, BillableRateCard rateCard)
    {
        var from = Instant.Max(Instant.Max(phase.From, subscription.ActiveFrom), rateCard.From ?? phase.From);
        var to = Earlier(Earlier(phase.To, subscription.ActiveTo), rateCard.To);
        return to <= from ? null : (from, to);
    }

    private static Instant? Earlier(Instant? left, Instant? right) => left is { } a && right is { } b ? Instant.Min(a, b) : left ?? right;
}
