using NodaTime;
using NodaTime.TimeZones;

namespace Metering.Rating;

/// <summary>Cuts time into periods: every boundary is computed from the anchor itself, so a short month never moves the later ones.</summary>
/// <remarks>
/// <code>
/// anchor 31 Jan, P1M     31 Jan      28 Feb        31 Mar       30 Apr        31 May
///                          [-----------)[------------)[-----------)[------------)
/// boundary                 0            1             2            3             4
/// </code>
/// <para>Days, weeks, months and years are counted on the local calendar of the zone and keep the anchor's local time; a day may then have 23 or
/// 25 hours. Hours and minutes are elapsed time and know no zone.</para>
/// <para>A local time that the clocks skip moves forward by the length of the gap; one that occurs twice means the first. Where a zone skipped a
/// whole day (Samoa, 30 December 2011) two boundaries coincide; the empty stretch between them is not a period.</para>
/// <para>Periods reach backwards before the anchor as well. They cover all time: no gap, no overlap.</para>
/// </remarks>
public sealed record BillingCalendar
{
    private static readonly ZoneLocalMappingResolver SkippedMovesForwardTwiceMeansFirst =
        Resolvers.CreateMappingResolver(Resolvers.ReturnEarlier, Resolvers.ReturnForwardShifted);

    private readonly LocalDateTime localAnchor;

    /// <summary>The calendar of a cadence from an anchor in a zone. The anchor is cut down to its microsecond.</summary>
    public BillingCalendar(Cadence cadence, Instant anchor, DateTimeZone zone)
    {
        ArgumentNullException.ThrowIfNull(cadence);
        ArgumentNullException.ThrowIfNull(zone);
        Cadence = cadence;
        Anchor = anchor.ToMicroseconds();
        Zone = zone;
        localAnchor = Anchor.InZone(zone).LocalDateTime;
    }

    /// <summary>How long a period is.</summary>
    public Cadence Cadence { get; }

    /// <summary>Boundary number 0.</summary>
    public Instant Anchor { get; }

    /// <summary>The zone on whose calendar days, weeks, months and years are counted.</summary>
    public DateTimeZone Zone { get; }

    /// <summary>The boundary <paramref name="number"/> cadences after the anchor (before it, when negative). Boundary 0 is the anchor.</summary>
    public Instant Boundary(int number)
    {
        // The anchor may be the second of two equal local times; going through the zone would answer the first.
        if (number == 0)
        {
            return Anchor;
        }

        var count = number * Cadence.Count;
        return Cadence.Unit switch
        {
            CadenceUnit.Minute => Anchor + Duration.FromMinutes((long)count),
            CadenceUnit.Hour => Anchor + Duration.FromHours(count),
            CadenceUnit.Day => ToInstant(localAnchor.PlusDays(count)),
            CadenceUnit.Week => ToInstant(localAnchor.PlusWeeks(count)),
            CadenceUnit.Month => ToInstant(localAnchor.PlusMonths(count)),
            CadenceUnit.Year => ToInstant(localAnchor.PlusYears(count)),
        };
    }

    /// <summary>The one period that contains the instant; an instant on a boundary belongs to the period that starts there.</summary>
    public ServicePeriod PeriodContaining(Instant instant)
    {
        var number = LastBoundaryNotAfter(instant);
        return new ServicePeriod(Boundary(number), Boundary(number + 1));
    }

    /// <summary>The period that starts where this one ends. For a period that is not of this calendar: the one that contains its end.</summary>
    public ServicePeriod PeriodAfter(ServicePeriod period) => PeriodContaining(period.End);

    /// <summary>The period that ends where this one starts. For a period that is not of this calendar: the one just before its start.</summary>
    public ServicePeriod PeriodBefore(ServicePeriod period) => PeriodContaining(period.Start - Duration.FromNanoseconds(1000));

    /// <summary>The period that contains the instant and all after it, without end: take or break.</summary>
    public IEnumerable<ServicePeriod> PeriodsFrom(Instant instant)
    {
        for (var period = PeriodContaining(instant); ; period = PeriodAfter(period))
        {
            yield return period;
        }
    }

    /// <summary>All periods that share an instant with the range, uncut, in order. The first and last may reach beyond it.</summary>
    public IEnumerable<ServicePeriod> PeriodsOverlapping(ServicePeriod range) => PeriodsFrom(range.Start).TakeWhile(range.Overlaps);

    /// <summary>The cadence, the anchor and the zone.</summary>
    public override string ToString() => $"{Cadence} from {Anchor.ToText()} in {Zone.Id}";

    private Instant ToInstant(LocalDateTime local) => local.InZone(Zone, SkippedMovesForwardTwiceMeansFirst).ToInstant();

    private int LastBoundaryNotAfter(Instant instant)
    {
        // The estimate is at most a few periods off (short months, clock changes); the two loops make it exact.
        var number = Estimate(instant);
        while (Boundary(number) > instant)
        {
            number--;
        }

        while (Boundary(number + 1) <= instant)
        {
            number++;
        }

        return number;
    }

    private int Estimate(Instant instant)
    {
        var date = instant.InZone(Zone).Date;
        var days = Period.DaysBetween(localAnchor.Date, date);
        var months = ((date.Year - localAnchor.Year) * 12) + date.Month - localAnchor.Month;
        var minutes = MicrosecondInstant.FloorDivide(instant.MicrosecondsSince1970() - Anchor.MicrosecondsSince1970(), 60_000_000);
        return checked((int)(Cadence.Unit switch
        {
            CadenceUnit.Minute => MicrosecondInstant.FloorDivide(minutes, Cadence.Count),
            CadenceUnit.Hour => MicrosecondInstant.FloorDivide(minutes, 60L * Cadence.Count),
            CadenceUnit.Day => MicrosecondInstant.FloorDivide(days, Cadence.Count),
            CadenceUnit.Week => MicrosecondInstant.FloorDivide(days, 7L * Cadence.Count),
            CadenceUnit.Month => MicrosecondInstant.FloorDivide(months, Cadence.Count),
            CadenceUnit.Year => MicrosecondInstant.FloorDivide(months, 12L * Cadence.Count),
        }));
    }
}
