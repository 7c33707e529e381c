using System.Buffers.Text;
using System.Collections.Immutable;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Metering.EnforcementSidecar.Identifiers;

namespace Metering.EnforcementSidecar.Reservations;

/// <summary>
/// <c>ULID.customer.feature.units.mac</c>: what was admitted, signed, so that no sidecar has to remember it. The MAC is
/// HMAC-SHA256 cut to 128 bits. Any sidecar of the deployment can verify it. Before the feature there may be
/// <c>~application~agent</c>, where either id may be left out, followed by <c>~qENTITLEMENT:period:units</c> for each quota whose units
/// were taken, and <c>~pTOKENS</c> for the input of a call of a model.
/// </summary>
internal static class ReservationToken
{
    public const int MaxLength = 640;

    /// <summary>More quotas than a request takes from, an extension into the next period included.</summary>
    public const int MaxQuotas = 4;

    private const int MacBytes = 16;
    private const int MacChars = 22;
    private const char Separator = '.';

    // No feature key begins with it.
    private const char PartMark = '~';
    private const char QuotaMark = 'q';
    private const char PromptMark = 'p';

    public static string Sign(in Reservation reservation, ReadOnlySpan<byte> key)
    {
        Span<char> text = stackalloc char[MaxLength];
        Ulid.Format(reservation.Id, text);
        var length = Ulid.Length;
        text[length++] = Separator;
        reservation.CustomerId.CopyTo(text[length..]);
        length += reservation.CustomerId.Length;
        text[length++] = Separator;
        length += WriteParts(reservation, text[length..]);
        reservation.FeatureKey.CopyTo(text[length..]);
        length += reservation.FeatureKey.Length;
        text[length++] = Separator;
        length += Write(reservation.Units, text[length..]);

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
        var parts = default(Reservation);
        if (feature[0] == PartMark)
        {
            var end = feature.IndexOf(Separator);
            if (end < 0 || end == feature.Length - 1 || !TryParseParts(feature[1..end], out parts))
            {
                return false;
            }

            feature = feature[(end + 1)..];
        }

        reservation = parts with
        {
            Id = id, CustomerId = text[(Ulid.Length + 1)..(idsLength - 1)].ToString(), FeatureKey = feature.ToString(), Units = units,
        };
        return true;
    }

    private static int WriteParts(in Reservation reservation, Span<char> text)
    {
        var quotas = reservation.Quotas.IsDefault ? [] : reservation.Quotas;
        if (reservation.ApplicationId is null && reservation.AgentId is null && quotas.IsEmpty && reservation.PromptTokens is null)
        {
            return 0;
        }

        var length = 0;
        foreach (var user in (ReadOnlySpan<string?>)[reservation.ApplicationId, reservation.AgentId])
        {
            text[length++] = PartMark;
            user.AsSpan().CopyTo(text[length..]);
            length += user?.Length ?? 0;
        }

        foreach (var quota in quotas)
        {
            text[length++] = PartMark;
            text[length++] = QuotaMark;
            length += QuotaText.Write(quota, text[length..]);
        }

        if (reservation.PromptTokens is { } prompt)
        {
            text[length++] = PartMark;
            text[length++] = PromptMark;
            length += Write(prompt, text[length..]);
        }

        text[length++] = Separator;
        return length;
    }

    private static int Write(long number, Span<char> text) => number.TryFormat(text, out var digits, provider: CultureInfo.InvariantCulture)
        ? digits
        : throw new FormatException("A reservation is too long.");

    private static bool TryParseParts(ReadOnlySpan<char> text, out Reservation parts)
    {
        parts = default;
        var quotas = ImmutableArray<ReservedQuota>.Empty;
        var at = 0;
        foreach (var range in text.Split(PartMark))
        {
            var part = text[range];
            if (at++ < 2)
            {
                if (part.Length is not (0 or Ulid.Length))
                {
                    return false;
                }

                var user = part.IsEmpty ? null : part.ToString();
                parts = at == 1 ? parts with { ApplicationId = user } : parts with { AgentId = user };
            }
            else if (part.Length > 1 && part[0] == QuotaMark && quotas.Length < MaxQuotas && QuotaText.TryParse(part[1..], out var quota))
            {
                quotas = quotas.Add(quota);
            }
            else if (part.Length > 1 && part[0] == PromptMark && TryParseCount(part[1..], out var prompt))
            {
                parts = parts with { PromptTokens = prompt };
            }
            else
            {
                return false;
            }
        }

        parts = quotas.IsEmpty ? parts : parts with { Quotas = quotas };
        return at >= 2;
    }

    private static bool TryParseCount(ReadOnlySpan<char> text, out long count) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out count);

    private static void Mac(ReadOnlySpan<char> text, ReadOnlySpan<byte> key, Span<byte> mac)
    {
        Span<byte> bytes = stackalloc byte[MaxLength * 3];
        Span<byte> full = stackalloc byte[HMACSHA256.HashSizeInBytes];
        HMACSHA256.HashData(key, bytes[..Encoding.UTF8.GetBytes(text, bytes)], full);
        full[..MacBytes].CopyTo(mac);
    }
}
