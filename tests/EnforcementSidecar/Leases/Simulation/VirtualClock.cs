namespace Metering.EnforcementSidecar.Tests.Leases.Simulation;

/// <summary>
/// Monotonic time that stands until it is moved, in microseconds; or that leaps while somebody is looking, as when a process is stopped.
/// </summary>
internal sealed class VirtualClock : TimeProvider
{
    private int readsBeforeLeap;
    private long leap;

    public long Now { get; set; }

    /// <summary>What whoever looked has seen, in order; for the caller to clear.</summary>
    public List<long> Reads { get; } = [];

    public override long TimestampFrequency => 1_000_000;

    public override long GetTimestamp()
    {
        if (leap > 0 && readsBeforeLeap-- <= 0)
        {
            Now += leap;
            leap = 0;
        }

        Reads.Add(Now);
        return Now;
    }

    /// <summary>After so many more looks at the clock the process is stopped for so long.</summary>
    public void LeapAfter(int reads, long microseconds) => (readsBeforeLeap, leap) = (reads, microseconds);

    public void LeapNoMore() => leap = 0;
}
