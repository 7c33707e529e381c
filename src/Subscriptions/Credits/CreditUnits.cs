namespace Metering.Subscriptions.Credits;

/// <summary>Money as leases count it: billionths of the major unit, so that what a token costs is a whole number.</summary>
internal static class CreditUnits
{
    private const decimal PerMajorUnit = 1_000_000_000m;

    /// <summary>More than this is this much: 64 bits hold it with room for sums.</summary>
    private const decimal Most = 4_000_000_000m;

    public static long Of(decimal amount) => decimal.ToInt64(decimal.Floor(Math.Min(amount, Most) * PerMajorUnit));
}
