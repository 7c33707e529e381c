using System.Security.Cryptography;

namespace Metering.EnforcementSidecar;

/// <summary>How long to wait before the next try: doubling, bounded, spread out so that many sidecars do not come back at once.</summary>
internal static class RetrySchedule
{
    public static readonly TimeSpan First = TimeSpan.FromMilliseconds(100);
    public static readonly TimeSpan Longest = TimeSpan.FromSeconds(5);
    private const int LastDoubling = 6;
    private const int ChanceSteps = 1_000;

    /// <param name="failures">In a row, at least 1.</param>
    /// <param name="chance">0 (inclusive) to 1 (exclusive): where between half and the whole of the delay.</param>
    public static TimeSpan DelayAfter(int failures, double chance)
    {
        var whole = Math.Min(Longest.TotalMilliseconds, First.TotalMilliseconds * (1 << Math.Min(failures - 1, LastDoubling)));
        return TimeSpan.FromMilliseconds(whole * (0.5 + (chance / 2)));
    }

    public static double Chance() => RandomNumberGenerator.GetInt32(ChanceSteps) / (double)ChanceSteps;
}
