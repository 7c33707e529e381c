using System.Text;
using Metering.Platform.Http;
using NodaTime;

namespace Metering.Ingest.Events;

/// <summary>
/// The time of an event. What most senders write, UTC with at most microseconds, is read from its bytes; the rest as any time of the API.
/// </summary>
internal static class EventTime
{
    private const int ShortestLength = 20;
    private const int MicrosecondsLength = 27;

    public static bool TryParse(ReadOnlySpan<byte> text, out Instant instant) =>
        TryParseUsual(text, out instant) || InstantConverter.TryParse(Encoding.UTF8.GetString(text), out instant);

    /// <summary><c>2026-01-15T09:00:00Z</c>, or with one to six digits of a fraction.</summary>
    private static bool TryParseUsual(ReadOnlySpan<byte> text, out Instant instant)
    {
        instant = default;
        if (text.Length is < ShortestLength or > MicrosecondsLength || text[^1] != 'Z'
            || text[4] != '-' || text[7] != '-' || text[10] != 'T' || text[13] != ':' || text[16] != ':'
            || !TryNumber(text[..4], out var year) || !TryNumber(text[5..7], out var month) || !TryNumber(text[8..10], out var day)
            || !TryNumber(text[11..13], out var hour) || !TryNumber(text[14..16], out var minute) || !TryNumber(text[17..19], out var second)
            || !TryFraction(text[19..^1], out var ticks)
            || year is < 1970 or > 9000 || month is < 1 or > 12 || hour > 23 || minute > 59 || second > 59
            || day < 1 || day > DateTime.DaysInMonth(year, month))
        {
            return false;
        }

        instant = Instant.FromDateTimeUtc(new DateTime(year, month, day, hour, minute, second, DateTimeKind.Utc).AddTicks(ticks));
        return true;
    }

    /// <param name="text">Empty, or a point and digits.</param>
    private static bool TryFraction(ReadOnlySpan<byte> text, out int ticks)
    {
        ticks = 0;
        if (text.IsEmpty)
        {
            return true;
        }

        if (text[0] != '.' || text.Length == 1 || !TryNumber(text[1..], out ticks))
        {
            return false;
        }

        for (var digits = text.Length - 1; digits < 7; digits++)
        {
            ticks *= 10;
        }

        return true;
    }

    private static bool TryNumber(ReadOnlySpan<byte> digits, out int number)
    {
        number = 0;
        foreach (var digit in digits)
        {
            if (digit is < (byte)'0' or > (byte)'9')
            {
                return false;
            }

            number = (number * 10) + (digit - '0');
        }

        return true;
    }
}
