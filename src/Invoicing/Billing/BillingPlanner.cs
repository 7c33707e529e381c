using System.Collections.Immutable;
using Metering.Rating;
using Metering.Subscriptions.Subscribing;
using NodaTime;

namespace Metering.Invoicing.Billing;

/// <summary>Which lines a boundary bills. Pure: the same subscription and boundaries give the same lines.</summary>
/// <remarks>
/// A line is billed by the first boundary at or after the instant it falls due, so each is billed exactly once whatever its
/// own cadence: a weekly fee on a monthly bill makes four or five lines, a yearly one a line on every twelfth bill.
/// </remarks>
public static class BillingPlanner
{
    /// <summary>More than this on one document is a mistake in a plan, such as a fee per minute on a yearly bill.</summary>
    public const int MaxLines = 10_000;

    /// <param name="previous">The boundary before; null when <paramref name="boundary"/> is the first.</param>
    /// <returns>In the order of the phases and rate cards, earlier periods first.</returns>
    public static ImmutableArray<PlannedLine> LinesDueAt(BillableSubscription subscription, Instant? previous, Instant boundary)
    {
        var lines = ImmutableArray.CreateBuilder<PlannedLine>();
        foreach (var phase in subscription.Phases)
        {
            if (BillingTimeline.WindowOf(subscription, phase) is not { } window || window.From > boundary)
            {
                continue;
            }

            foreach (var rateCard in phase.RateCards)
            {
                if (rateCard.Price is { } price)
                {
                    lines.AddRange(Candidates(subscription, phase, rateCard, price, window, previous, boundary)
                        .Where(line => line.DueAt <= boundary && (previous is null || line.DueAt > previous))
                        .Take(MaxLines + 1));
                }
            }
        }

        return lines.Count <= MaxLines
            ? lines.ToImmutable()
            : throw new InvalidOperationException($"Subscription {subscription.Id} has more than {MaxLines} lines due at {boundary}.");
    }

    /// <summary>The lines of the periods that are running at <paramref name="now"/>, whether billed in advance already or not.</summary>
    public static ImmutableArray<PlannedLine> LinesRunningAt(BillableSubscription subscription, Instant now)
    {
        var lines = ImmutableArray.CreateBuilder<PlannedLine>();
        foreach (var phase in subscription.Phases)
        {
            if (BillingTimeline.WindowOf(subscription, phase) is not { } window || now < window.From || now >= window.To)
            {
                continue;
            }

            foreach (var rateCard in phase.RateCards)
            {
                if (rateCard.Price is { } price)
                {
                    lines.AddRange(Candidates(subscription, phase, rateCard, price, window, now, now)
                        .Where(line => line.Period.Served.Contains(now))
                        .Take(1));
                }
            }
        }

        return lines.ToImmutable();
    }

    private static IEnumerable<PlannedLine> Candidates(
        BillableSubscription subscription, BillablePhase phase, BillableRateCard rateCard, Price price,
        (Instant From, Instant? To) window, Instant? previous, Instant boundary)
    {
        if (rateCard.BillingCadence is not { } cadence)
        {
            yield return Once(subscription, phase, rateCard, price, window);
            yield break;
        }

        var inAdvance = price is Price.Flat { Term: PaymentTerm.InAdvance };
        var searchFrom = previous is { } last ? Instant.Max(last, window.From) : window.From;
        foreach (var full in BillingTimeline.CalendarOf(subscription, cadence).PeriodsFrom(searchFrom))
        {
            var start = Instant.Max(full.Start, window.From);
            var end = window.To is { } to ? Instant.Min(full.End, to) : full.End;
            if (start > boundary || end <= start)
            {
                yield break;
            }

            yield return new PlannedLine(
                phase, rateCard, price, LinePeriod.Partly(full, new ServicePeriod(start, end)), inAdvance ? start : end);
        }
    }

    /// <summary>A one-time fee is due when the phase begins and is shown with the billing period that begins there.</summary>
    private static PlannedLine Once(
        BillableSubscription subscription, BillablePhase phase, BillableRateCard rateCard, Price price, (Instant From, Instant? To) window)
    {
        var end = BillingTimeline.CalendarOf(subscription, subscription.BillingCadence).PeriodContaining(window.From).End;
        var period = new ServicePeriod(window.From, window.To is { } to ? Instant.Min(end, to) : end);
        return new PlannedLine(phase, rateCard, price, LinePeriod.Whole(period), window.From);
    }
}
