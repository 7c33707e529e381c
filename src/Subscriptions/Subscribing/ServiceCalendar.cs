using System.Collections.Immutable;
using Metering.Rating;
using NodaTime;

namespace Metering.Subscriptions.Subscribing;

/// <summary>The periods of a cadence in a subscription, also when its customer moves to another time zone: no gap, no overlap. Pure.</summary>
/// <remarks>
/// <code>
/// old zone     |-----------|-----------|- - - - - -|
/// moved                          ^
/// new zone     - -|- - - - - -|- - - - - -|-----------|-----------|
/// periods      |-----------|-----------|--------------|-----------|
/// </code>
/// The period that runs when the customer moves ends where it was going to end, because its fee may be paid already. The first period after it
/// begins there and ends with the new zone's calendar: with the nearest boundary that leaves at least half a period. It is a whole period: it
/// pays a whole fee.
/// </remarks>
public sealed class ServiceCalendar
{
    private readonly ImmutableArray<Stretch> stretches;

    private ServiceCalendar(ImmutableArray<Stretch> stretches) => this.stretches = stretches;

    /// <summary>The calendar of one cadence.</summary>
    /// <param name="anchor">Periods are counted from here, in whichever zone.</param>
    /// <param name="from">Moves before this do not count: nothing had been billed.</param>
    /// <param name="zone">The customer's present zone.</param>
    /// <param name="changes">In order of time.</param>
    public static ServiceCalendar Of(Cadence cadence, Instant anchor, Instant from, DateTimeZone zone, ImmutableArray<ZoneChange> changes)
    {
        ImmutableArray<ZoneChange> later = [.. changes.Where(change => change.At > from)];
        var first = later.IsEmpty ? zone : later[0].Before;
        var calendar = new ServiceCalendar([new Stretch(Instant.MinValue, Instant.MinValue, new BillingCalendar(cadence, anchor, first))]);
        foreach (var (i, change) in later.Index())
        {
            var next = i + 1 < later.Length ? later[i + 1].Before : zone;
            calendar = calendar.MovedAt(change.At, new BillingCalendar(cadence, anchor, next));
        }

        return calendar;
    }

    /// <summary>The one period that contains the instant; an instant on a boundary belongs to the period that starts there.</summary>
    public ServicePeriod PeriodContaining(Instant instant)
    {
        var stretch = stretches.Last(stretch => stretch.From <= instant);
        return instant < stretch.FirstEnd ? new ServicePeriod(stretch.From, stretch.FirstEnd) : stretch.Calendar.PeriodContaining(instant);
    }

    /// <summary>The period that contains the instant and all after it, without end: take or break.</summary>
    public IEnumerable<ServicePeriod> PeriodsFrom(Instant instant)
    {
        for (var period = PeriodContaining(instant); ; period = PeriodContaining(period.End))
        {
            yield return period;
        }
    }

    private ServiceCalendar MovedAt(Instant at, BillingCalendar calendar)
    {
        var start = PeriodContaining(at).End;
        var running = calendar.PeriodContaining(start);
        var end = running.Start < start && (running.End - start) * 2 < running.Duration ? calendar.PeriodAfter(running).End : running.End;
        return new ServiceCalendar([.. stretches.Where(stretch => stretch.From < start), new Stretch(start, end, calendar)]);
    }

    /// <param name="From">Inclusive; the next stretch begins at the end of a period of this one.</param>
    /// <param name="FirstEnd">The end of the first period, which began with another calendar.</param>
    private sealed record Stretch(Instant From, Instant FirstEnd, BillingCalendar Calendar);
}
