using NodaTime;

namespace Metering.Notifications.Delivering;

/// <summary>When to try again, as Standard Webhooks suggests: soon at first, then ever more rarely, over about three days.</summary>
internal static class RetrySchedule
{
    private const double JitterShare = 0.1;

    private static readonly Duration[] Delays =
    [
        Duration.FromSeconds(5), Duration.FromMinutes(5), Duration.FromMinutes(30), Duration.FromHours(2), Duration.FromHours(5),
        Duration.FromHours(10), Duration.FromHours(14), Duration.FromHours(20), Duration.FromHours(24),
    ];

    /// <summary>The first attempt and one after each delay.</summary>
    public static readonly int MaxTries = Delays.Length + 1;

    public static readonly Duration MaxRetryAfter = Duration.FromHours(24);

    /// <summary>Null: that was the last one.</summary>
    /// <param name="tries">How often it was tried; at least 1.</param>
    /// <param name="chance">From 0 to 1: those who failed together do not come back together.</param>
    /// <param name="retryAfter">What the receiver asked for; it may wait longer, not be asked sooner.</param>
    public static Duration? DelayAfter(int tries, double chance, Duration? retryAfter)
    {
        if (tries >= MaxTries)
        {
            return null;
        }

        var delay = Delays[tries - 1] * (1 + (JitterShare * chance));
        return retryAfter is { } asked ? Duration.Max(delay, Duration.Min(asked, MaxRetryAfter)) : delay;
    }
}
