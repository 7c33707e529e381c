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
    /// <summary>As many as the time of a UUIDv7 or a ULID has.</summary>
    private const int TimeBytes = 6;
    private const int Rfc9562Version7 = 7;
    private const int UuidLength = 36;
    private const int VersionAt = 14;

    /// <summary>
    /// A key whose first bytes follow time keeps index inserts in the newest pages, and those of one batch beside those of the last. The
    /// time is taken from the id itself, never from the event's time: a resend with another time must have the same key.
    /// </summary>
    public static Guid Key(ReadOnlySpan<byte> source, ReadOnlySpan<byte> id)
    {
        using var buffer = new HashBuffer(stackalloc byte[HashBuffer.StackBytes], 4 + source.Length + id.Length);
        BinaryPrimitives.WriteInt32BigEndian(buffer.Bytes, source.Length);
        source.CopyTo(buffer.Bytes[4..]);
        id.CopyTo(buffer.Bytes[(4 + source.Length)..]);
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        Digest.Hash(buffer.Bytes, hash);
        if (TimeOf(id) is not { } unixMilliseconds)
        {
            return new Guid(hash[..16], bigEndian: true);
        }

        Span<byte> key = stackalloc byte[16];
        BinaryPrimitives.WriteInt64BigEndian(key, unixMilliseconds << 16);
        hash[..(16 - TimeBytes)].CopyTo(key[TimeBytes..]);
        return new Guid(key, bigEndian: true);
    }

    public static Guid Key(string source, string id) => Key(Encoding.UTF8.GetBytes(source), Encoding.UTF8.GetBytes(id));

    /// <param name="statedTime">Null when the event states none: then a later resend is still the same event.</param>
    public static Guid Payload(ReadOnlySpan<byte> type, ReadOnlySpan<byte> subject, Instant? statedTime, ReadOnlySpan<byte> data)
    {
        using var buffer = new HashBuffer(stackalloc byte[HashBuffer.StackBytes], 16 + type.Length + subject.Length + data.Length);
        BinaryPrimitives.WriteInt32BigEndian(buffer.Bytes, type.Length);
        BinaryPrimitives.WriteInt32BigEndian(buffer.Bytes[4..], subject.Length);
        BinaryPrimitives.WriteInt64BigEndian(buffer.Bytes[8..], statedTime is { } time ? time.ToUnixTimeTicks() : long.MinValue);
        type.CopyTo(buffer.Bytes[16..]);
        subject.CopyTo(buffer.Bytes[(16 + type.Length)..]);
        data.CopyTo(buffer.Bytes[(16 + type.Length + subject.Length)..]);
        return Digest.Of(buffer.Bytes);
    }

    public static Guid Payload(string type, string subject, Instant? statedTime, ReadOnlySpan<byte> data) =>
        Payload(Encoding.UTF8.GetBytes(type), Encoding.UTF8.GetBytes(subject), statedTime, data);

    /// <summary>The milliseconds that a UUIDv7 or a ULID begins with; null for any other id.</summary>
    private static long? TimeOf(ReadOnlySpan<byte> id)
    {
        var isUuid = id.Length == UuidLength && id[VersionAt] == '7';
        if (!isUuid && id.Length != PublicId.Length)
        {
            return null;
        }

        Span<char> text = stackalloc char[UuidLength];
        if (Ascii.ToUtf16(id, text, out var length) != OperationStatus.Done)
        {
            return null;
        }

        text = text[..length];
        return isUuid
            ? Guid.TryParseExact(text, "D", out var uuid) && uuid.Version == Rfc9562Version7 ? First48Bits(uuid) : null
            : PublicId.TryParse(text, out var ulid) ? First48Bits(ulid) : null;
    }

    private static long First48Bits(Guid id)
    {
        Span<byte> bytes = stackalloc byte[16];
        id.TryWriteBytes(bytes, bigEndian: true, out _);
        return BinaryPrimitives.ReadInt64BigEndian(bytes) >>> 16;
    }
}
