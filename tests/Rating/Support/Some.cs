using NodaTime;

namespace Metering.Rating.Tests;

/// <summary>Test data that says "any will do", and the line modes of the case tables.</summary>
internal static class Some
{
    public static ServicePeriod January { get; } = new(Instant.FromUtc(2026, 1, 1, 0, 0), Instant.FromUtc(2026, 2, 1, 0, 0));

    public static ServicePeriod Period(int year, int month, int day, int days) =>
        new(Instant.FromUtc(year, month, day, 0, 0), Instant.FromUtc(year, month, day, 0, 0) + Duration.FromDays(days));

    /// <summary>Which part of January a line bills: all of it, the first, a middle or the last part.</summary>
    public static LinePeriod Line(string mode)
    {
        var (first, rest) = January.SplitAt(Instant.FromUtc(2026, 1, 11, 0, 0));
        var (middle, last) = rest.SplitAt(Instant.FromUtc(2026, 1, 21, 0, 0));
        return mode switch
        {
            "single" => LinePeriod.Whole(January),
            "first" => new LinePeriod(January, January, first),
            "mid" => new LinePeriod(January, January, middle),
            "last" => new LinePeriod(January, January, last),
            _ => throw new ArgumentOutOfRangeException(nameof(mode), mode, "single, first, mid or last"),
        };
    }

    public static RatingInput Input(Price price, decimal quantity, RateCardTerms? terms = null) =>
        Input(price, "single", new Usage(0m, quantity), terms);

    public static RatingInput Input(Price price, string mode, Usage usage, RateCardTerms? terms = null) => new()
    {
        Price = price,
        Currency = Currency.Usd,
        Line = Line(mode),
        Rounding = Rounding.HalfAwayFromZero,
        Proration = Proration.ByTime,
        Usage = usage,
        Terms = terms ?? RateCardTerms.None,
    };
}
