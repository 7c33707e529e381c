namespace Metering.Rating;

/// <summary>
/// The largest figures a burn-down accepts. Inside them every sum is exact and none can overflow <see cref="decimal"/>; outside, an
/// <see cref="ArgumentOutOfRangeException"/> names the figure.
/// </summary>
/// <remarks>
/// A decimal carries 28 digits: sixteen before the point (<see cref="RatingBounds.QuantityMax"/>) and twelve after it
/// (<see cref="RatingBounds.DecimalsMax"/>). Each single figure keeps to both; so do, over one run, what the grants held at the start plus
/// all that was granted, the overage at the start plus all usage, and the usage and the burn of one usage period.
/// </remarks>
public static class GrantBounds
{
    /// <summary>Most grants of one balance.</summary>
    public const int GrantsMax = 100_000;

    /// <summary>Most beginnings, ends and recurrences of grants, and resets, within one run. Start from a later snapshot to have fewer.</summary>
    public const int EventsMax = 1_000_000;

    /// <summary>Most rows in the segments of one run: the grants in force, counted once for each segment.</summary>
    public const int RowsMax = 2_000_000;

    /// <summary>A figure that is zero or above and within the bounds.</summary>
    internal static decimal Checked(decimal value, string name)
    {
        // Less than, not the sign: 0.50 - 0.5 is a zero with a minus sign to decimal, and ThrowIfNegative looks at the sign.
        ArgumentOutOfRangeException.ThrowIfLessThan(value, 0m, name);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(value, RatingBounds.QuantityMax, name);
        return decimal.Round(value, RatingBounds.DecimalsMax, MidpointRounding.ToZero) == value
            ? value
            : throw new ArgumentOutOfRangeException(name, value, $"A quantity has at most {RatingBounds.DecimalsMax} decimals.");
    }

    /// <summary>A sum of checked figures, which itself must keep within the largest quantity.</summary>
    internal static decimal CheckedSum(decimal sum, string what) => sum <= RatingBounds.QuantityMax
        ? sum
        : throw new ArgumentOutOfRangeException(what, sum, $"{what} within one run is at most {RatingBounds.QuantityMax}.");

    /// <summary>A count that must keep within its bound.</summary>
    internal static void CheckCount(int count, int max, string what)
    {
        if (count > max)
        {
            throw new ArgumentOutOfRangeException(what, count, $"{what}: at most {max} within one run.");
        }
    }
}
