namespace Metering.EnforcementSidecar.Rates;

/// <summary>What one rate limit has left at this sidecar.</summary>
/// <param name="Limiter">Null when the feature has no rate limit.</param>
/// <param name="Remaining">Units that would be admitted now.</param>
/// <param name="FullInNanoseconds">Until the whole burst is there again.</param>
/// <param name="RetryAfterNanoseconds">
/// Until what was asked for would be admitted; 0 when it was, <see cref="Never"/> when it asks for more than a burst.
/// </param>
internal readonly record struct RateState(RateLimiter? Limiter, long Remaining, long FullInNanoseconds, long RetryAfterNanoseconds)
{
    public const long Never = long.MaxValue;
}
