using Metering.Contracts.Sidecar;

namespace Metering.EnforcementSidecar.Rates;

/// <summary>What a share of a rate is under its terms, worked out once for each of both.</summary>
internal sealed class RatePace
{
    /// <summary>No bucket takes longer to fill than this, so that sums stay within 64 bits.</summary>
    public const long MaxNanoseconds = long.MaxValue / 4;

    private const long NanosecondsPerSecond = 1_000_000_000;
    private readonly long unitCost;

    public RatePace(RateShare share, RateLimitTerms terms)
    {
        Share = share;
        Terms = terms;
        Burst = ShareParts.UnitsIn(share.Parts, terms.Burst);

        // Rounded up: rounding never admits more.
        var window = (Int128)terms.WindowSeconds * NanosecondsPerSecond * ShareParts.Whole;
        var rate = (Int128)terms.Limit * share.Parts;
        unitCost = (long)Int128.Min(MaxNanoseconds, ((window - 1) / rate) + 1);
        Tolerance = Cost(Burst);
        var whole = (Int128)terms.WindowSeconds * NanosecondsPerSecond * terms.Burst / terms.Limit;
        Full = (long)Int128.Min(MaxNanoseconds, whole + NanosecondsPerSecond);
    }

    public RateShare Share { get; }

    public RateLimitTerms Terms { get; }

    /// <summary>Units that pass at once.</summary>
    public long Burst { get; }

    /// <summary>How far into the future an empty bucket is in debt.</summary>
    public long Tolerance { get; }

    /// <summary>No bucket of the limit, whatever its share, is ever in more debt than this.</summary>
    public long Full { get; }

    /// <summary>How long <paramref name="units"/> take to be paid for.</summary>
    public long Cost(long units) => units > MaxNanoseconds / unitCost ? MaxNanoseconds : units * unitCost;

    public long UnitsIn(long nanoseconds) => nanoseconds <= 0 ? 0 : nanoseconds / unitCost;
}
