using System.Buffers;
using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Metering.Platform.Identifiers;
using NodaTime;

namespace Metering.Ingest.Events;

/// <summary>
/// Two hashes: who an event is, and what it says. Who: (source, id), for ever, whatever its time. What: type, subject, the time if
/// the event states one, and the data without insignificant whitespace; extension attributes such as a trace id may differ on a resend.
/// </summary>
internal static class EventIdentity
{
    private const int PrefixBytes = 4;
    private const long BucketSeconds = 600;
    private const int Rfc9562Version7 = 7;

    /// <summary>
    /// A key whose first bytes follow time keeps index inserts in the newest pages. The time is taken from the id itself, never
    /// from the event's time: a resend with another time must have the same key.
    /// </summary>
    public static Guid Key(string source, string id)
    {
        var length = 4 + Encoding.UTF8.GetMaxByteCount(source.Length) + Encoding.UTF8.GetMaxByteCount(id.Length);
        var rented = ArrayPool<byte>.Shared.Rent(length);
        try
        {
            var sourceBytes = Encoding.UTF8.GetBytes(source, rented.AsSpan(4));
            BinaryPrimitives.WriteInt32BigEndian(rented, sourceBytes);
            var idBytes = Encoding.UTF8.GetBytes(id, rented.AsSpan(4 + sourceBytes));

            Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
            SHA256.HashData(rented.AsSpan(0, 4 + sourceBytes + idBytes), hash);
            if (TimeOf(id) is not { } unixMilliseconds)
            {
                return new Guid(hash[..16], bigEndian: true);
            }

            Span<byte> key = stackalloc byte[16];
            BinaryPrimitives.WriteUInt32BigEndian(key, unchecked((uint)(unixMilliseconds / 1000 / BucketSeconds)));
            hash[..(16 - PrefixBytes)].CopyTo(key[PrefixBytes..]);
            return new Guid(key, bigEndian: true);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(rented);
        }
    }

    /// <param name="statedTime">Null when the event states none: then a later resend is still the same event.</param>
    public static Guid Payload(string type, string subject, Instant? statedTime, ReadOnlySpan<byte> data)
    {
        var length = 16 + Encoding.UTF8.GetMaxByteCount(type.Length) + Encoding.UTF8.GetMaxByteCount(subject.Length) + data.Length;
        var rented = ArrayPool<byte>.Shared.Rent(length);
        try
        {
            var used = 16;
            var typeBytes = Encoding.UTF8.GetBytes(type, rented.AsSpan(used));
            used += typeBytes;
            var subjectBytes = Encoding.UTF8.GetBytes(subject, rented.AsSpan(used));
            used += subjectBytes;
            data.CopyTo(rented.AsSpan(used));
            used += data.Length;
            BinaryPrimitives.WriteInt32BigEndian(rented, typeBytes);
            BinaryPrimitives.WriteInt32BigEndian(rented.AsSpan(4), subjectBytes);
            BinaryPrimitives.WriteInt64BigEndian(rented.AsSpan(8), statedTime is { } time ? time.ToUnixTimeTicks() : long.MinValue);
            return Digest.Of(rented.AsSpan(0, used));
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(rented);
        }
    }

    /// <summary>The milliseconds that a UUIDv7 or a ULID begins with; null for any other id.</summary>
    private static long? TimeOf(string id)
    {
        if (id.Length == 36 && Guid.TryParseExact(id, "D", out var uuid))
        {
            return uuid.Version == Rfc9562Version7 ? First48Bits(uuid) : null;
        }

        return PublicId.TryParse(id, out var ulid) ? First48Bits(ulid) : null;
    }

    private static long First48Bits(Guid id)
    {
        Span<byte> bytes = stackalloc byte[16];
        id.TryWriteBytes(bytes, bigEndian: true, out _);
        return BinaryPrimitives.ReadInt64BigEndian(bytes) >>> 16;
    }
}
