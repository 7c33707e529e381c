using System.Collections.Immutable;
using NodaTime;

namespace Metering.Rating;

/// <summary>How much of a flat fee is due when only a part of the full period is served. Closed: named policies, never a default.</summary>
/// <remarks>
/// The denominator is always the whole full period, so the shares of parts that make up the period sum to the fee (before rounding). Usage
/// is never prorated: a shorter period simply has less of it.
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

    internal abstract (decimal Amount, string Name) Of(decimal fee, LinePeriod line);

    private static (decimal Amount, string Name) Share(decimal fee, long served, long full, string unit) => served == full
        ? (fee, FullFee)
        : (fee * served / full, $"Fee for {AmountText.Quantity(served)} of {AmountText.Quantity(full)} {unit}");

    private sealed record Full : Proration
    {
        internal override (decimal Amount, string Name) Of(decimal fee, LinePeriod line) => (fee, FullFee);
    }

    private sealed record Time : Proration
    {
        // The share is told in the largest unit that divides both times, so that a person reads 31 of 91 days.
        private static readonly ImmutableArray<(long Microseconds, string Name)> Units =
            [(86_400_000_000, "days"), (3_600_000_000, "hours"), (1_000_000, "seconds"), (1, "microseconds")];

        internal override (decimal Amount, string Name) Of(decimal fee, LinePeriod line)
        {
            var (served, full) = (line.Served.Microseconds, line.Full.Microseconds);
            var unit = Units.First(unit => served % unit.Microseconds == 0 && full % unit.Microseconds == 0);
            return Share(fee, served / unit.Microseconds, full / unit.Microseconds, unit.Name);
        }
    }

    private sealed record Days(DateTimeZone Zone) : Proration
    {
        internal override (decimal Amount, string Name) Of(decimal fee, LinePeriod line)
        {
            var full = DaysOf(line.Full);
            return full == 0 ? (fee, FullFee) : Share(fee, DaysOf(line.Served), full, "days");
        }

        private int DaysOf(ServicePeriod period) => Period.DaysBetween(period.Start.InZone(Zone).Date, period.End.InZone(Zone).Date);
    }
}
