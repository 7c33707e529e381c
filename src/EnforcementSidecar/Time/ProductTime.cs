using Metering.Contracts.Sidecar;
using NodaTime;

namespace Metering.EnforcementSidecar.Time;

/// <summary>
/// The time that periods and rate limits go by: the system's, or in sandbox mode what Host's last heartbeat said.
/// How long a lease lasts is another matter; that is counted by the monotonic clock alone.
/// </summary>
internal sealed class ProductTime
{
    private const long TicksPerMicrosecond = 10;
    private const long Running = long.MinValue;

    private long standingTicks = Running;
    private int epoch;

    public Instant Now => Volatile.Read(ref standingTicks) is not Running and var ticks
        ? Instant.FromUnixTimeTicks(ticks)
        : TruncateToMicroseconds(SystemClock.Instance.GetCurrentInstant());

    /// <summary>Changes whenever time was moved by hand: what was concluded before may not hold any more.</summary>
    public int Epoch => Volatile.Read(ref epoch);

    /// <summary>True in sandbox mode.</summary>
    public bool Stands => Volatile.Read(ref standingTicks) != Running;

    public void Apply(Heartbeat heartbeat)
    {
        var ticks = heartbeat.ClockStands ? heartbeat.Now.ToUnixTimeTicks() : Running;
        if (Interlocked.Exchange(ref standingTicks, ticks) != ticks)
        {
            Interlocked.Increment(ref epoch);
        }
    }

    /// <summary>Host keeps microseconds; an instant that is compared with one of Host's must have no more.</summary>
    public static Instant TruncateToMicroseconds(Instant instant)
    {
        var ticks = instant.ToUnixTimeTicks();
        var excess = ((ticks % TicksPerMicrosecond) + TicksPerMicrosecond) % TicksPerMicrosecond;
        return Instant.FromUnixTimeTicks(ticks - excess);
    }
}
