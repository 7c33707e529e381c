using NodaTime;
using NodaTime.Text;

namespace Metering.Rating;

/// <summary>Instants as PostgreSQL keeps them: whole microseconds.</summary>
public static class MicrosecondInstant
{
    private const long TicksPerMicrosecond = NodaConstants.TicksPerMillisecond / 1000;

    /// <summary>The latest whole microsecond that is not after the instant, so that a value reads back as it was written.</summary>
    public static Instant ToMicroseconds(this Instant instant) =>
        Instant.FromUnixTimeTicks(instant.MicrosecondsSince1970() * TicksPerMicrosecond);

    /// <summary>Whole microseconds since 1970; the instant is cut down to its microsecond first.</summary>
    internal static long MicrosecondsSince1970(this Instant instant) => FloorDivide(instant.ToUnixTimeTicks(), TicksPerMicrosecond);

    /// <summary>ISO 8601 in UTC with as many fraction digits as carry a value; the instant's own text leaves them out.</summary>
    internal static string ToText(this Instant instant) => InstantPattern.ExtendedIso.Format(instant);

    internal static long FloorDivide(long value, long divisor) => (value - FloorRemainder(value, divisor)) / divisor;

    private static long FloorRemainder(long value, long divisor) => ((value % divisor) + divisor) % divisor;
}
