using System.Collections.Immutable;
using System.Numerics;

namespace Metering.Rating;

/// <summary>The levels of units in force over a stretch of time, and what they are on average over the full period.</summary>
/// <remarks>
/// Averages are exact sums of units times time, divided once and cut to what a quantity can have. What lies between two bounds is the
/// difference of what lies below each, so that the parts of any cut sum to the whole, to the last decimal.
/// </remarks>
internal sealed class UnitLevels(ImmutableArray<UnitLevel> levels, decimal leftOut = 0m)
{
    private const decimal Scale = 1_000_000_000_000m;

    private readonly decimal highest = levels.Select(level => level.Units).DefaultIfEmpty().Max();

    public static UnitLevels None { get; } = new([]);

    public ImmutableArray<UnitLevel> Levels => levels;

    /// <summary>Whether time does not count: every unit that was in force at any time counts in full.</summary>
    public bool IsWithoutTime => levels.All(level => level.Share is null);

    /// <summary>The most that was in force at one time.</summary>
    public decimal Peak => Math.Max(0m, highest - leftOut);

    public decimal Average => AverageBelow(Peak);

    /// <summary>The average of what lies below a bound.</summary>
    public decimal AverageBelow(decimal bound) => Below(leftOut + bound) - Below(leftOut);

    /// <summary>The same levels, each in other units.</summary>
    public UnitLevels Converted(UnitConversion conversion) =>
        new([.. levels.Select(level => level with { Units = conversion.Apply(level.Units) })], leftOut);

    /// <summary>The same levels without the first units of each.</summary>
    public UnitLevels Above(decimal units) => new(levels, leftOut + units);

    private decimal Below(decimal bound)
    {
        if (IsWithoutTime)
        {
            return Math.Min(bound, highest);
        }

        var unitTime = BigInteger.Zero;
        foreach (var level in levels)
        {
            unitTime += new BigInteger(Math.Min(bound, level.Units) * Scale) * level.Share!.Value.Part;
        }

        return (decimal)(unitTime / levels[0].Share!.Value.Full) / Scale;
    }
}
