using System.Collections.Immutable;
using NodaTime;
using NodaTime.TimeZones;

namespace Metering.Ingest.Usage;

/// <summary>
/// Where windows begin. A minute or hour begins where the zone's clock shows a whole one, a day at the first instant of its date,
/// a month at the first instant of its first day. Windows follow one another without gap or overlap: the hour that a zone's clock
/// shows twice is two windows, and a date that a zone skipped has none.
/// </summary>
internal sealed class WindowGrid(UsageWindow window, DateTimeZone zone)
{
    private static readonly ZoneLocalMappingResolver FirstInstant =
        Resolvers.CreateMappingResolver(Resolvers.ReturnEarlier, Resolvers.ReturnStartOfIntervalAfter);

    /// <returns>
    /// The starts of the windows that hold [from, to), and after them the end of the last one. Null when there would be more
    /// than <paramref name="maxWindows"/>.
    /// </returns>
    public ImmutableArray<Instant>? Cover(Instant from, Instant to, int maxWindows)
    {
        var starts = ImmutableArray.CreateBuilder<Instant>();
        for (var start = StartOf(from); start < to; start = Next(start))
        {
            if (starts.Count == maxWindows)
            {
                return null;
            }

            starts.Add(start);
        }

        starts.Add(starts.Count == 0 ? StartOf(from) : Next(starts[^1]));
        return starts.ToImmutable();
    }

    private Instant StartOf(Instant instant) => window switch
    {
        UsageWindow.Minute => StepAtOrBefore(instant, Duration.FromMinutes(1)),
        UsageWindow.Hour => StepAtOrBefore(instant, Duration.FromHours(1)),
        UsageWindow.Day => FirstInstantOf(instant.InZone(zone).Date),
        UsageWindow.Month => FirstInstantOf(instant.InZone(zone).Date.With(DateAdjusters.StartOfMonth)),
    };

    private Instant Next(Instant start) => window switch
    {
        UsageWindow.Minute => StepAfter(start, Duration.FromMinutes(1)),
        UsageWindow.Hour => StepAfter(start, Duration.FromHours(1)),
        UsageWindow.Day => FirstInstantAfter(start, date => date.PlusDays(1)),
        UsageWindow.Month => FirstInstantAfter(start, date => date.PlusMonths(1)),
    };

    private Instant FirstInstantOf(LocalDate date) => zone.ResolveLocal(date.AtMidnight(), FirstInstant).ToInstant();

    /// <summary>The first instant of a skipped date is that of the date after it, so one step may stand still and a second is taken.</summary>
    private Instant FirstInstantAfter(Instant start, Func<LocalDate, LocalDate> next)
    {
        var date = next(start.InZone(zone).Date);
        while (FirstInstantOf(date) <= start)
        {
            date = next(date);
        }

        return FirstInstantOf(date);
    }

    private Instant StepAtOrBefore(Instant instant, Duration step)
    {
        var interval = zone.GetZoneInterval(instant);
        var start = instant - SinceStep(instant, interval, step);
        return interval.HasStart && start < interval.Start ? StepAtOrBefore(interval.Start - Duration.FromTicks(1), step) : start;
    }

    private Instant StepAfter(Instant start, Duration step)
    {
        var interval = zone.GetZoneInterval(start);
        var next = start + step - SinceStep(start, interval, step);
        if (!interval.HasEnd || next < interval.End)
        {
            return next;
        }

        // The clock was changed on the way: the next whole step is the first one that the new offset shows.
        var after = zone.GetZoneInterval(interval.End);
        var since = SinceStep(interval.End, after, step);
        return since == Duration.Zero ? interval.End : interval.End + step - since;
    }

    /// <summary>How long ago the zone's clock showed a whole step.</summary>
    private static Duration SinceStep(Instant instant, ZoneInterval interval, Duration step)
    {
        var local = instant.ToUnixTimeTicks() + interval.WallOffset.Ticks;
        var stepTicks = step.BclCompatibleTicks;
        return Duration.FromTicks(((local % stepTicks) + stepTicks) % stepTicks);
    }
}
