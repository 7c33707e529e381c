using System.Buffers.Text;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Metering.EnforcementSidecar.Identifiers;

namespace Metering.EnforcementSidecar.Reservations;

/// <summary>
/// <c>ULID.customer.feature.units.mac</c>: what was admitted, signed, so that no sidecar has to remember it. The MAC is
/// HMAC-SHA256 cut to 128 bits. Any sidecar of the deployment can verify it. A key that names who uses it puts <c>~application~agent</c>
/// before the feature, where either id may be left out.
/// </summary>
internal static class ReservationToken
{
    public const int MaxLength = 300;

    private const int MacBytes = 16;
    private const int MacChars = 22;
    private const char Separator = '.';

    // No feature key begins with it.
    private const char UserMark = '~';

    public static string Sign(in Reservation reservation, ReadOnlySpan<byte> key)
    {
        Span<char> text = stackalloc char[MaxLength];
        Ulid.Format(reservation.Id, text);
        var length = Ulid.Length;
        text[length++] = Separator;
        reservation.CustomerId.CopyTo(text[length..]);
        length += reservation.CustomerId.Length;
        text[length++] = Separator;
        if (reservation.ApplicationId is not null || reservation.AgentId is not null)
        {
            foreach (var user in (ReadOnlySpan<string?>)[reservation.ApplicationId, reservation.AgentId])
            {
                text[length++] = UserMark;
                user.AsSpan().CopyTo(text[length..]);
                length += user?.Length ?? 0;
            }

            text[length++] = Separator;
        }

        reservation.FeatureKey.CopyTo(text[length..]);
        length += reservation.FeatureKey.Length;
        text[length++] = Separator;
        reservation.Units.TryFormat(text[length..], out var digits, provider: CultureInfo.InvariantCulture);
        length += digits;

        Span<byte> mac = stackalloc byte[MacBytes];
        Mac(text[..length], key, mac);
        text[length++] = Separator;
        Base64Url.EncodeToChars(mac, text[length..]);
        return new string(text[..(length + MacChars)]);
    }

    /// <summary>Two kinds of no: the text is no token at all, or it was not signed with this key.</summary>
    public static ReservationReading Read(ReadOnlySpan<char> token, ReadOnlySpan<byte> key, out Reservation reservation)
    {
        reservation = default;
        var macAt = token.LastIndexOf(Separator);
        if (token.Length > MaxLength || macAt < 0 || token.Length - macAt - 1 != MacChars || !TryParse(token[..macAt], out var parsed))
        {
            return ReservationReading.Malformed;
        }

        Span<byte> expected = stackalloc byte[MacBytes];
        Span<byte> given = stackalloc byte[MacBytes];
        Mac(token[..macAt], key, expected);
        if (!Base64Url.TryDecodeFromChars(token[(macAt + 1)..], given, out var length)
            || length != MacBytes || !CryptographicOperations.FixedTimeEquals(expected, given))
        {
            return ReservationReading.Forged;
        }

        reservation = parsed;
        return ReservationReading.Valid;
    }

    /// <summary>A feature key may contain dots; everything around it has a place of its own.</summary>
    private static bool TryParse(ReadOnlySpan<char> text, out Reservation reservation)
    {
        const int idsLength = (Ulid.Length * 2) + 2;
        reservation = default;
        var unitsAt = text.LastIndexOf(Separator);
        if (unitsAt <= idsLength || text[Ulid.Length] != Separator || text[idsLength - 1] != Separator
            || !Ulid.TryParse(text[..Ulid.Length], out var id)
            || !long.TryParse(text[(unitsAt + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out var units))
        {
            return false;
        }

        var feature = text[idsLength..unitsAt];
        string? application = null;
        string? agent = null;
        if (feature[0] == UserMark)
        {
            var end = feature.IndexOf(Separator);
            if (end < 0 || end == feature.Length - 1 || !TryParseUsers(feature[1..end], out application, out agent))
            {
                return false;
            }

            feature = feature[(end + 1)..];
        }

        reservation = new Reservation(id, text[(Ulid.Length + 1)..(idsLength - 1)].ToString(), feature.ToString(), units, application, agent);
        return true;
    }

    private static bool TryParseUsers(ReadOnlySpan<char> text, out string? application, out string? agent)
    {
        (application, agent) = (null, null);
        var middle = text.IndexOf(UserMark);
        if (middle < 0 || middle is not (0 or Ulid.Length) || text.Length - middle - 1 is not (0 or Ulid.Length))
        {
            return false;
        }

        application = middle == 0 ? null : text[..middle].ToString();
        agent = text.Length == middle + 1 ? null : text[(middle + 1)..].ToString();
        return true;
    }

    private static void Mac(ReadOnlySpan<char> text, ReadOnlySpan<byte> key, Span<byte> mac)
    {
        Span<byte> bytes = stackalloc byte[MaxLength * 3];
        Span<byte> full = stackalloc byte[HMACSHA256.HashSizeInBytes];
        HMACSHA256.HashData(key, bytes[..Encoding.UTF8.GetBytes(text, bytes)], full);
        full[..MacBytes].CopyTo(mac);
    }
}
