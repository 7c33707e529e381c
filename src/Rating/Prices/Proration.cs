using NodaTime;

namespace Metering.Rating;

/// <summary>
/// How much of a flat fee is due, and how much units in force count, for a part of the full period. Closed: named policies, never a default.
/// </summary>
/// <remarks>
/// The denominator is always the whole full period, so the shares of parts that make up the period sum to the fee (before rounding). Usage
/// that is a sum of events is never prorated: a shorter period simply has less of it.
/// </remarks>
public abstract record Proration
{
    private const string FullFee = "Fee";

    private Proration()
    {
    }

    /// <summary>The fee is due in full however little of the period is served.</summary>
    public static Proration None { get; } = new Full();

    /// <summary>By elapsed time to the microsecond: fee × served ÷ full.</summary>
    public static Proration ByTime { get; } = new Time();

    /// <summary>
    /// By calendar days of a zone: fee × served days ÷ full days. The day on which service starts counts, the day on which it ends does not
    /// (it belongs to whatever comes next), so service that starts and ends within one day costs nothing. A full period that begins and ends
    /// on the same date cannot be divided by days: the fee is due in full.
    /// </summary>
    public static Proration ByDay(DateTimeZone zone) => new Days(zone);

    /// <summary>How much of a full period a part of it is; null when the part counts as the whole.</summary>
    internal abstract TimeShare? ShareOf(ServicePeriod part, ServicePeriod full);

    /// <summary>What of a fee is due for the served part of the full period, and how that is called.</summary>
    internal (decimal Amount, string Name) Of(decimal fee, LinePeriod line)
    {
        if (ShareOf(line.Served, line.Full) is not { } served || served.Part == served.Full)
        {
            return (fee, FullFee);
        }

        var share = served.InLargestUnit();
        return (fee * share.Part / share.Full, $"Fee for {share}");
    }

    private sealed record Full : Proration
    {
        internal override TimeShare? ShareOf(ServicePeriod part, ServicePeriod full) => null;
    }

    private sealed record Time : Proration
    {
        internal override TimeShare? ShareOf(ServicePeriod part, ServicePeriod full) => TimeShare.OfTime(part.Microseconds, full.Microseconds);
    }

    private sealed record Days(DateTimeZone Zone) : Proration
    {
        internal override TimeShare? ShareOf(ServicePeriod part, ServicePeriod full) =>
            DaysOf(full) is > 0 and var days ? TimeShare.OfDays(DaysOf(part), days) : null;

        private int DaysOf(ServicePeriod period) => Period.DaysBetween(period.Start.InZone(Zone).Date, period.End.InZone(Zone).Date);
    }
}
