using NodaTime;

namespace Metering.EnforcementSidecar.Leases;

/// <summary>Remembers for a moment that Host had no more to give, so that denied calls do not each ask again.</summary>
/// <param name="Free">What Host could still have granted.</param>
/// <param name="Until">Monotonic.</param>
/// <param name="PeriodEnd">The next period is another quota.</param>
/// <param name="Epoch">Of the product's time; another one makes this void.</param>
internal sealed record ExhaustedQuota(long Free, long Until, Instant PeriodEnd, int Epoch)
{
    public static readonly TimeSpan Lifetime = TimeSpan.FromSeconds(1);

    public bool Denies(long units, Instant now, long timestamp, int epoch) =>
        units > Free && timestamp < Until && now < PeriodEnd && epoch == Epoch;
}
