using NodaTime;

namespace Metering.EnforcementSidecar.Leases;

/// <summary>
/// Units that are spent in their lease, for Host too, and were not used after all. Whoever comes next uses them. They are good for a moment
/// only: once the events have had time to say what was really used, Host counts these units as free again itself.
/// </summary>
/// <param name="Until">Monotonic.</param>
internal sealed record ReturnedUnits(long Units, Instant PeriodStart, Instant PeriodEnd, long Until)
{
    public static readonly TimeSpan Lifetime = TimeSpan.FromSeconds(10);

    public long At(Instant now, long timestamp) => timestamp < Until && now >= PeriodStart && now < PeriodEnd ? Units : 0;
}
