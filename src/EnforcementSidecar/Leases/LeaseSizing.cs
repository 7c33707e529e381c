namespace Metering.EnforcementSidecar.Leases;

/// <summary>How many units to ask for: enough for two seconds, never so many that other sidecars starve near the end.</summary>
internal static class LeaseSizing
{
    public const double HorizonSeconds = 2;
    public const double LowWater = 0.2;

    /// <summary>The server refuses to hear of more in one question.</summary>
    public const long MostWanted = 1_000_000_000_000;
    private const long SmallestChunk = 10;
    private const double Smoothing = 0.5;

    /// <param name="needed">What requests are waiting for; 0 ahead of need.</param>
    /// <param name="unitsPerSecond">Smoothed.</param>
    /// <param name="free">As Host last said; null when it has not been asked yet.</param>
    public static long Wanted(long needed, double unitsPerSecond, long limit, long? free, int sidecars)
    {
        var horizon = (long)Math.Min(MostWanted, Math.Ceiling(unitsPerSecond * HorizonSeconds));
        var chunk = Math.Max(horizon, Math.Min(SmallestChunk, limit / 20));
        var share = (free ?? limit) / (2L * sidecars);
        return Math.Min(MostWanted, Math.Max(Math.Max(1, needed), Math.Min(chunk, share)));
    }

    public static bool IsLow(long remaining, long granted) => remaining <= granted * LowWater;

    /// <summary>Exponentially weighted, in units per second.</summary>
    public static double Smooth(double before, long units, double seconds) =>
        seconds <= 0 ? before : (before * (1 - Smoothing)) + (units / seconds * Smoothing);

    /// <summary>Part of the lifetime that is never used, against pauses between the check and the request it admits.</summary>
    public static TimeSpan Guard(TimeSpan lifetime) => TimeSpan.FromTicks(Math.Max(TimeSpan.FromMilliseconds(250).Ticks, lifetime.Ticks / 10));
}
