using System.Collections.Immutable;

namespace Metering.Rating;

/// <summary>How much of a full period a part of it is, in microseconds or in days.</summary>
internal readonly record struct TimeShare(long Part, long Full, string Unit)
{
    private const string Finest = "microseconds";

    // The share is told in the largest unit that divides both times, so that a person reads 31 of 91 days.
    private static readonly ImmutableArray<(long Microseconds, string Name)> Units =
        [(86_400_000_000, "days"), (3_600_000_000, "hours"), (1_000_000, "seconds"), (1, Finest)];

    public static TimeShare OfTime(long part, long full) => new(part, full, Finest);

    public static TimeShare OfDays(int part, int full) => new(part, full, "days");

    /// <summary>The same share in the largest unit that has no rest.</summary>
    public TimeShare InLargestUnit()
    {
        if (Unit != Finest)
        {
            return this;
        }

        var (part, full) = (Part, Full);
        var (size, name) = Units.First(unit => part % unit.Microseconds == 0 && full % unit.Microseconds == 0);
        return new TimeShare(part / size, full / size, name);
    }

    /// <summary><c>31 of 91 days</c>.</summary>
    public override string ToString() => $"{AmountText.Quantity(Part)} of {AmountText.Quantity(Full)} {Unit}";
}
