namespace Metering.Subscriptions.Shares;

/// <summary>The bounds of shares. Times are real ones, as those of leases.</summary>
internal static class ShareTerms
{
    public const int MaxRequests = 1_000;
    public const int MaxNameLength = 64;
    public const int MaxFeatureKeyLength = 128;

    /// <summary>The largest burst and the largest number of places are well below.</summary>
    public const long MaxUnits = 1_000_000_000;

    /// <summary>Ten years: a bucket that needs longer to fill is as good as one that never does.</summary>
    public const long MaxRefillMicroseconds = 315_360_000_000_000;

    /// <summary>A day, as long as a request may be in flight, and what clocks may differ by in rounding.</summary>
    public const long MaxLingersMilliseconds = 86_401_000;
}
