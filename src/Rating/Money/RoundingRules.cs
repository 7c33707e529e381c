namespace Metering.Rating;

/// <summary>What each <see cref="Rounding"/> does and how it is told to a reader.</summary>
internal static class RoundingRules
{
    public static decimal Apply(this Rounding rounding, decimal value, int digits) => rounding switch
    {
        Rounding.HalfAwayFromZero => decimal.Round(value, digits, MidpointRounding.AwayFromZero),
        Rounding.HalfEven => decimal.Round(value, digits, MidpointRounding.ToEven),
        Rounding.Up => decimal.Round(value, digits, value < 0m ? MidpointRounding.ToNegativeInfinity : MidpointRounding.ToPositiveInfinity),
        Rounding.Down => decimal.Round(value, digits, MidpointRounding.ToZero),
        Rounding.Ceiling => decimal.Round(value, digits, MidpointRounding.ToPositiveInfinity),
        Rounding.Floor => decimal.Round(value, digits, MidpointRounding.ToNegativeInfinity),
    };

    public static string InWords(this Rounding rounding) => rounding switch
    {
        Rounding.HalfAwayFromZero => "half away from zero",
        Rounding.HalfEven => "half to even",
        Rounding.Up => "away from zero",
        Rounding.Down => "towards zero",
        Rounding.Ceiling => "up",
        Rounding.Floor => "down",
    };
}
