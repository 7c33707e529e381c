using System.Numerics;
using System.Runtime.InteropServices;

namespace Metering.Ingest.Meters.Expressions;

/// <summary>
/// An exact number: nothing is rounded while an expression is computed, whatever it divides by. Not reduced; an expression is too short for
/// that to matter.
/// </summary>
internal readonly struct Fraction
{
    private readonly BigInteger numerator;

    /// <summary>Greater than zero.</summary>
    private readonly BigInteger denominator;

    private Fraction(BigInteger numerator, BigInteger denominator)
    {
        this.numerator = numerator;
        this.denominator = denominator;
    }

    public bool IsZero => numerator.IsZero;

    public static Fraction Of(decimal value)
    {
        var (unscaled, scale) = Unscaled(value);
        return new Fraction(unscaled, BigInteger.Pow(10, scale));
    }

    /// <summary>The value is the integer divided by ten to the power of the scale.</summary>
    public static (BigInteger Unscaled, int Scale) Unscaled(decimal value)
    {
        Span<int> bits = stackalloc int[4];
        decimal.GetBits(value, bits);
        var words = MemoryMarshal.Cast<int, uint>(bits);
        var magnitude = ((BigInteger)words[2] << 64) | ((BigInteger)words[1] << 32) | words[0];
        return (decimal.IsNegative(value) ? -magnitude : magnitude, (bits[3] >> 16) & 0xFF);
    }

    public static Fraction operator +(Fraction left, Fraction right) => left.denominator == right.denominator
        ? new Fraction(left.numerator + right.numerator, left.denominator)
        : new Fraction((left.numerator * right.denominator) + (right.numerator * left.denominator), left.denominator * right.denominator);

    public static Fraction operator -(Fraction value) => new(-value.numerator, value.denominator);

    public static Fraction operator -(Fraction left, Fraction right) => left + -right;

    public static Fraction operator *(Fraction left, Fraction right) =>
        new(left.numerator * right.numerator, left.denominator * right.denominator);

    /// <exception cref="DivideByZeroException">The divisor is zero.</exception>
    public static Fraction operator /(Fraction left, Fraction right)
    {
        if (right.IsZero)
        {
            throw new DivideByZeroException();
        }

        var sign = right.numerator.Sign;
        return new Fraction(left.numerator * right.denominator * sign, left.denominator * right.numerator * sign);
    }

    public Fraction Ceiling()
    {
        var quotient = BigInteger.DivRem(numerator, denominator, out var remainder);
        return new Fraction(remainder.Sign > 0 ? quotient + 1 : quotient, 1);
    }

    public int CompareTo(Fraction other) => (numerator * other.denominator).CompareTo(other.numerator * denominator);

    /// <summary>Half away from zero.</summary>
    /// <returns>False when there are more digits before the point than a value has.</returns>
    public bool TryRound(int decimals, decimal max, out decimal value)
    {
        var doubled = BigInteger.Abs(numerator) * BigInteger.Pow(10, decimals) * 2;
        var magnitude = (doubled + denominator) / (2 * denominator);
        var unit = BigInteger.Pow(10, decimals);
        value = 0m;
        if (magnitude > (BigInteger)max * unit)
        {
            return false;
        }

        value = (decimal)(numerator.Sign * magnitude) / (decimal)unit;
        return true;
    }
}
