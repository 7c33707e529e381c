using System.Globalization;
using NodaTime;
using NodaTime.Text;

namespace Metering.Host.EventsImport;

/// <summary>
/// Times as files write them: RFC 3339, the same without an offset and then UTC, or seconds since 1970 such as nginx's <c>$msec</c>.
/// </summary>
internal static class EventTime
{
    private const decimal LatestSecond = 7_258_118_400m;

    private static readonly LocalDateTimePattern[] UtcPatterns =
    [
        LocalDateTimePattern.CreateWithInvariantCulture("uuuu'-'MM'-'dd' 'HH':'mm':'ss;FFFFFFFFF"),
        LocalDateTimePattern.CreateWithInvariantCulture("uuuu'-'MM'-'dd'T'HH':'mm':'ss;FFFFFFFFF"),
    ];

    /// <returns>RFC 3339; null when it is no time.</returns>
    public static string? TryRead(string text)
    {
        if (OffsetDateTimePattern.Rfc3339.Parse(text).Success)
        {
            return text;
        }

        if (decimal.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var seconds) && seconds < LatestSecond)
        {
            var ticks = decimal.ToInt64(decimal.Truncate(seconds * NodaConstants.TicksPerSecond));
            return InstantPattern.ExtendedIso.Format(Instant.FromUnixTimeTicks(ticks));
        }

        var parsed = UtcPatterns.Select(pattern => pattern.Parse(text)).FirstOrDefault(result => result.Success);
        return parsed is null ? null : InstantPattern.ExtendedIso.Format(parsed.Value.InUtc().ToInstant());
    }
}
