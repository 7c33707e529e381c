using System.Collections.Immutable;

namespace Metering.Rating;

/// <summary>Turns metered units into billed ones: tokens into thousands of tokens, bytes into gigabytes, seconds into begun minutes.</summary>
/// <remarks>
/// The conversion is of the whole period's usage so far, never of a line's own part: a period that is billed in several lines bills
/// <c>round(cumulative) − round(billed before)</c>, so splitting it never bills a begun unit twice. The division is exact: a rest is found by
/// remainder, whatever the factor.
/// </remarks>
public sealed record UnitConversion
{
    /// <summary>Most decimals, and most zeros before the point, to which converted quantities can be rounded.</summary>
    public const int DigitsMax = 6;

    private readonly bool divides;
    private readonly decimal scale;

    private UnitConversion(bool divides, decimal factor, UnitRounding rounding, int digits)
    {
        InvalidPriceException.ThrowIfAny(Check(factor, digits));
        this.divides = divides;
        Factor = factor;
        Rounding = rounding;
        Digits = digits;
        scale = PowerOfTen(Math.Abs(digits));
    }

    /// <summary>What metered quantities are divided or multiplied by, above zero.</summary>
    public decimal Factor { get; }

    /// <summary>Whether the factor divides; otherwise it multiplies.</summary>
    public bool Divides => divides;

    /// <summary>What happens to a rest.</summary>
    public UnitRounding Rounding { get; }

    /// <summary>To how many decimals is rounded: 0 to whole units, 2 to hundredths, −2 to hundreds.</summary>
    public int Digits { get; }

    /// <summary>Billed = metered ÷ factor.</summary>
    /// <exception cref="InvalidPriceException"><see cref="Check"/> finds an error.</exception>
    public static UnitConversion DivideBy(decimal factor, UnitRounding rounding, int digits = 0) => new(divides: true, factor, rounding, digits);

    /// <summary>Billed = metered × factor.</summary>
    /// <exception cref="InvalidPriceException"><see cref="Check"/> finds an error.</exception>
    public static UnitConversion MultiplyBy(decimal factor, UnitRounding rounding, int digits = 0) => new(divides: false, factor, rounding, digits);

    /// <summary>What would be wrong with such a conversion; empty when nothing.</summary>
    public static ImmutableArray<PriceError> Check(decimal factor, int digits)
    {
        var checks = new PriceChecks().PositiveQuantity("/factor", factor);
        checks.AddIf(
            digits is < -DigitsMax or > DigitsMax,
            PriceErrorCode.TooManyDecimals,
            "/digits",
            $"Quantities are rounded to between {-DigitsMax} and {DigitsMax} digits.");
        return checks.Errors;
    }

    /// <summary>The billed units of a metered quantity.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The result is above <see cref="RatingBounds.QuantityMax"/>.</exception>
    public decimal Apply(decimal quantity)
    {
        // Compared by division, because the product itself could be too large for a decimal.
        var fits = divides ? quantity / RatingBounds.QuantityMax <= Factor : quantity <= RatingBounds.QuantityMax / Factor;
        if (!fits)
        {
            throw new ArgumentOutOfRangeException(nameof(quantity), quantity, $"Converted, it is above {RatingBounds.QuantityMax}.");
        }

        if (Rounding == UnitRounding.None)
        {
            // Cut to what a quantity can have, so that a division without an end still subtracts exactly.
            return decimal.Round(divides ? quantity / Factor : quantity * Factor, RatingBounds.DecimalsMax, MidpointRounding.ToZero);
        }

        return Digits < 0 ? Steps(quantity, scale) * scale : Steps(quantity * scale, 1m) / scale;
    }

    /// <summary><c>metered tokens ÷ 1,000, rounded up</c>.</summary>
    internal string InWords(string units) =>
        (Divides ? $"metered {units} ÷ {AmountText.Quantity(Factor)}" : $"metered {units} × {AmountText.Quantity(Factor)}") + Rounding switch
        {
            UnitRounding.None => "",
            UnitRounding.Up => ", rounded up",
            UnitRounding.Down => ", rounded down",
            UnitRounding.Nearest => ", rounded to the nearest",
        };

    /// <summary>How many steps of the given size the converted quantity holds, the rest rounded.</summary>
    private decimal Steps(decimal quantity, decimal size)
    {
        var (dividend, divisor) = divides ? (quantity, Factor * size) : (quantity * Factor, size);
        var rest = dividend % divisor;
        var whole = decimal.Round((dividend - rest) / divisor, 0, MidpointRounding.AwayFromZero);
        var counts = Rounding switch
        {
            UnitRounding.None or UnitRounding.Down => false,
            UnitRounding.Up => rest > 0m,
            UnitRounding.Nearest => rest >= divisor - rest,
        };
        return counts ? whole + 1m : whole;
    }

    private static decimal PowerOfTen(int exponent) => exponent <= 0 ? 1m : 10m * PowerOfTen(exponent - 1);
}
