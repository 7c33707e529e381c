namespace Metering.Contracts.Sidecar;

/// <summary>At most <paramref name="Limit"/> units per <paramref name="WindowSeconds"/>, with bursts up to <paramref name="Burst"/>.</summary>
public sealed record RateLimitTerms(long Limit, int WindowSeconds, long Burst);
