namespace Metering.Contracts.Sidecar;

/// <summary>
/// A share is counted in parts of the whole limit, not in its units: so the sum of all shares is at most the whole under every version of the
/// plan, whichever of them a sidecar knows.
/// </summary>
public static class ShareParts
{
    public const long Whole = 1L << 50;

    // What rounding took from a unit is forgiven. Among fewer sidecars than this their whole units never add up to one too many.
    private const long Forgiven = Whole / 2_048;

    /// <summary>The parts that stand for <paramref name="units"/> of a limit of <paramref name="limit"/>; rounded down.</summary>
    public static long Of(long units, long limit) =>
        units <= 0 || limit <= 0 ? 0 : units >= limit ? Whole : (long)((Int128)Whole * units / limit);

    /// <summary>How many whole units of a limit of <paramref name="limit"/> some parts are.</summary>
    public static long UnitsIn(long parts, long limit) =>
        parts <= 0 || limit <= 0 ? 0 : (long)((((Int128)parts * limit) + Forgiven) / Whole);
}
