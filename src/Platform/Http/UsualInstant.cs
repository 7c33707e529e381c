using System.Globalization;
using NodaTime;

namespace Metering.Platform.Http;

/// <summary>
/// Times as nearly all programs write them: UTC, <c>2026-01-15T09:00:00Z</c> with at most six digits of a fraction. Read from bytes and written
/// to bytes without a pattern; whatever looks otherwise is left to the pattern.
/// </summary>
internal static class UsualInstant
{
    public const int MaxLength = 28;

    private const int ShortestLength = 20;
    private const int MicrosecondsLength = 27;
    private const int TickDigits = 7;

    public static bool TryParse(ReadOnlySpan<byte> text, out Instant instant)
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

    /// <param name="text">At least <see cref="MaxLength"/> bytes.</param>
    /// <returns>False when the instant is not one that the form can tell exactly.</returns>
    public static bool TryFormat(Instant instant, Span<byte> text, out int length)
    {
        length = 0;
        if (instant < Instant.FromUnixTimeTicks(0) || instant >= Instant.FromUtc(9001, 1, 1, 0, 0))
        {
            return false;
        }

        var time = instant.ToDateTimeUtc();
        if (Instant.FromDateTimeUtc(time) != instant || !time.TryFormat(text, out length, "s", CultureInfo.InvariantCulture))
        {
            return false;
        }

        var fraction = time.Ticks % TimeSpan.TicksPerSecond;
        if (fraction > 0)
        {
            text[length++] = (byte)'.';
        }

        for (var unit = TimeSpan.TicksPerSecond / 10; fraction > 0; unit /= 10)
        {
            text[length++] = (byte)('0' + (fraction / unit));
            fraction %= unit;
        }

        text[length++] = (byte)'Z';
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

        for (var digits = text.Length - 1; digits < TickDigits; digits++)
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
