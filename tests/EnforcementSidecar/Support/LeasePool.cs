using NodaTime;

namespace Metering.EnforcementSidecar.Tests.Support;

/// <summary>What the outside world holds of one entitlement. Guarded by the fake host's gate.</summary>
internal sealed class LeasePool(long limit, Instant periodStart, Instant periodEnd, bool soft)
{
    public long Limit { get; set; } = limit;

    public Instant PeriodStart { get; set; } = periodStart;

    public Instant PeriodEnd { get; set; } = periodEnd;

    public bool Soft => soft;

    public long Settled { get; set; }

    public long Held { get; set; }

    /// <summary>What is limited is a level, of which leases take nothing; null when it is an amount.</summary>
    public long? Level { get; set; }

    public long Free => Limit - (Level ?? Settled + Held);
}
