using System.Globalization;
using Metering.EnforcementSidecar.Identifiers;
using NodaTime;

namespace Metering.EnforcementSidecar.Reservations;

/// <summary>
/// <c>ENTITLEMENT:period:units</c>; the period as microseconds since 1970, empty when it is not known. Money has a <c>$</c> behind it.
/// </summary>
internal static class QuotaText
{
    public const int MaxLength = Ulid.Length + 2 + 17 + 19 + 1;

    private const char Separator = ':';
    private const char MoneyMark = '$';
    private const long TicksPerMicrosecond = 10;

    public static int Write(in ReservedQuota quota, Span<char> text)
    {
        quota.EntitlementId.CopyTo(text);
        var length = quota.EntitlementId.Length;
        text[length++] = Separator;
        length += quota.PeriodStart is { } start ? Write(start.ToUnixTimeTicks() / TicksPerMicrosecond, text[length..]) : 0;
        text[length++] = Separator;
        length += Write(quota.Units, text[length..]);
        if (quota.IsCredit)
        {
            text[length++] = MoneyMark;
        }

        return length;
    }

    public static string Format(in ReservedQuota quota)
    {
        Span<char> text = stackalloc char[MaxLength];
        return new string(text[..Write(quota, text)]);
    }

    public static bool TryParse(ReadOnlySpan<char> text, out ReservedQuota quota)
    {
        quota = default;
        if (text.Length < Ulid.Length + 3 || text[Ulid.Length] != Separator)
        {
            return false;
        }

        var isCredit = text[^1] == MoneyMark;
        var rest = isCredit ? text[(Ulid.Length + 1)..^1] : text[(Ulid.Length + 1)..];
        var middle = rest.IndexOf(Separator);
        var start = 0L;
        if (middle < 0 || !long.TryParse(rest[(middle + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out var units)
            || (middle > 0 && !long.TryParse(rest[..middle], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out start)))
        {
            return false;
        }

        var period = middle == 0 ? (Instant?)null : Instant.FromUnixTimeTicks(start * TicksPerMicrosecond);
        quota = new ReservedQuota(text[..Ulid.Length].ToString(), period, units, isCredit);
        return true;
    }

    private static int Write(long number, Span<char> text) =>
        number.TryFormat(text, out var digits, provider: CultureInfo.InvariantCulture) ? digits : throw new FormatException("The text is too short.");
}
