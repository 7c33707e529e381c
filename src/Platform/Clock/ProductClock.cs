using NodaTime;

namespace Metering.Platform.Clock;

/// <summary>
/// The time the whole product goes by: the system's, cut to PostgreSQL's microseconds, or in sandbox mode an instant
/// that stands still until <see cref="MoveTo"/>.
/// </summary>
public sealed class ProductClock : IClock
{
    private readonly bool stands;
    private long standingTicks;

    private ProductClock(Instant? standsAt)
    {
        stands = standsAt is not null;
        standingTicks = standsAt?.ToUnixTimeTicks() ?? 0;
    }

    public static ProductClock System() => new(null);

    public static ProductClock StandingAt(Instant instant) => new(instant);

    /// <summary>True in sandbox mode.</summary>
    public bool Stands => stands;

    public Instant GetCurrentInstant() => stands
        ? Instant.FromUnixTimeTicks(Volatile.Read(ref standingTicks))
        : TruncateToMicroseconds(SystemClock.Instance.GetCurrentInstant());

    internal void MoveTo(Instant instant)
    {
        if (!stands)
        {
            throw new InvalidOperationException("Only a standing clock can be moved.");
        }

        Volatile.Write(ref standingTicks, instant.ToUnixTimeTicks());
    }

    /// <summary>PostgreSQL keeps microseconds; an instant that is compared with a stored one must have no more.</summary>
    public static Instant TruncateToMicroseconds(Instant instant)
    {
        var ticks = instant.ToUnixTimeTicks();
        var excess = ((ticks % 10) + 10) % 10;
        return Instant.FromUnixTimeTicks(ticks - excess);
    }
}
