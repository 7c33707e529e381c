using System.Collections.Immutable;
using Metering.Rating;
using Metering.Subscriptions.Subscribing;
using NodaTime;

namespace Metering.Invoicing.Billing;

/// <summary>Which lines a boundary bills. Pure: the same subscription, boundaries and account give the same lines.</summary>
/// <remarks>
/// A line is billed by the first boundary at or after the instant it falls due, so each is billed exactly once whatever its
/// own cadence: a weekly fee on a monthly bill makes four or five lines, a yearly one a line on every twelfth bill.
/// <code>
/// fee in advance       [=========== paid on 1 Jan ===========)
/// the item ends                       ^ 20 Jan
/// on the next bill     due for [======)  credit for [========)
/// </code>
/// </remarks>
public static class BillingPlanner
{
    /// <summary>More than this on one document is a mistake in a plan, such as a fee per minute on a yearly bill.</summary>
    public const int MaxLines = 10_000;

    private static readonly Duration Microsecond = Duration.FromNanoseconds(1000);

    /// <param name="subscription">As it is known now.</param>
    /// <param name="previous">The boundary before; null when <paramref name="boundary"/> is the first.</param>
    /// <param name="boundary">At or after the previous one; the same once more when a subscription was ended just there.</param>
    /// <param name="billed">What has been billed of the service periods that end at the previous boundary or later.</param>
    /// <returns>In the order of the phases and rate cards, earlier periods first.</returns>
    public static BillingPlan DueAt(
        BillableSubscription subscription, Instant? previous, Instant boundary, ImmutableArray<BilledService> billed)
    {
        var account = billed.ToDictionary(service => service.Key);
        var lines = ImmutableArray.CreateBuilder<PlannedLine>();
        var corrections = ImmutableArray.CreateBuilder<PlannedCorrection>();
        foreach (var line in Begun(subscription, previous, boundary).Where(line => !account.ContainsKey(KeyOf(line)) || line.IsInAdvance))
        {
            if (account.Remove(KeyOf(line), out var paid))
            {
                if (!paid.IsForgiven && paid.Served != line.Period.Served)
                {
                    corrections.Add(new PlannedCorrection(paid, line));
                }
            }
            else if (line.DueAt <= boundary && (previous is null || line.DueAt >= previous))
            {
                lines.Add(line);
            }

            if (lines.Count > MaxLines)
            {
                throw new InvalidOperationException($"Subscription {subscription.Id} has more than {MaxLines} lines due at {boundary}.");
            }
        }

        // What is left was paid for service that is no longer to be: its item went before it began.
        corrections.AddRange(account.Values
            .Where(paid => paid is { IsInAdvance: true, IsForgiven: false, Served: not null })
            .Select(paid => new PlannedCorrection(paid, null)));
        return new BillingPlan(lines.ToImmutable(), corrections.ToImmutable());
    }

    /// <summary>
    /// The lines of the periods that are running at <paramref name="now"/>, whether billed in advance already or not, and of items that ended
    /// since the boundary before.
    /// </summary>
    public static ImmutableArray<PlannedLine> LinesRunningAt(BillableSubscription subscription, Instant now)
    {
        var since = subscription.Phases.Select(phase => phase.From).Where(start => start <= now)
            .Append(subscription.CalendarOf(subscription.BillingCadence).PeriodContaining(now).Start).Max();
        return
        [
            .. Begun(subscription, now, now).Where(line => line.Period.Served.Contains(now)),
            .. Begun(subscription, since, now).Where(line => !line.IsInAdvance && line.RateCard.To <= now && line.Period.Served.End > since),
        ];
    }

    private static (Guid, Instant) KeyOf(PlannedLine line) => (line.RateCard.ItemId, line.Period.Full.Start);

    /// <summary>Every service period that has begun by the boundary and had not ended before the previous one.</summary>
    private static IEnumerable<PlannedLine> Begun(BillableSubscription subscription, Instant? previous, Instant boundary) =>
        from phase in subscription.Phases
        from rateCard in phase.RateCards
        let window = BillingTimeline.WindowOf(subscription, phase, rateCard)
        where rateCard.Price is not null && window is not null && window.Value.From <= boundary
        from line in PeriodsOf(subscription, phase, rateCard, window.Value, previous, boundary)
        select line;

    private static IEnumerable<PlannedLine> PeriodsOf(
        BillableSubscription subscription, BillablePhase phase, BillableRateCard rateCard, (Instant From, Instant? To) window, Instant? previous,
        Instant boundary)
    {
        var price = rateCard.Price!;
        if (rateCard.BillingCadence is not { } cadence)
        {
            yield return Once(subscription, phase, rateCard, price, window);
            yield break;
        }

        var inAdvance = price is Price.Flat { Term: PaymentTerm.InAdvance };

        // The period that ended at the previous boundary is looked at once more: its item may have been ended just there since.
        var searchFrom = previous is { } last ? Instant.Max(last - Microsecond, window.From) : window.From;
        foreach (var full in subscription.CalendarOf(cadence).PeriodsFrom(searchFrom))
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

    /// <summary>A one-time fee is due when the item begins and is shown with the billing period that begins there.</summary>
    private static PlannedLine Once(
        BillableSubscription subscription, BillablePhase phase, BillableRateCard rateCard, Price price, (Instant From, Instant? To) window)
    {
        var end = subscription.CalendarOf(subscription.BillingCadence).PeriodContaining(window.From).End;
        var period = new ServicePeriod(window.From, window.To is { } to ? Instant.Min(end, to) : end);
        return new PlannedLine(phase, rateCard, price, LinePeriod.Whole(period), window.From);
    }
}
