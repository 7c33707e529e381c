using System.Buffers.Binary;
using NodaTime;

namespace Metering.Platform.Identifiers;

/// <summary>
/// Ids are UUIDv7 in the database and 26 Crockford base-32 characters outside: a valid ULID with the same timestamp,
/// so that ids sort by creation time in both forms.
/// </summary>
public static class PublicId
{
    public const int Length = 26;

    private const string Alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

    private static int made;

    /// <summary>
    /// A new id, unique, created at <paramref name="now"/>. Ids of one process and one instant sort in the order in which they were made: behind
    /// the timestamp stand 26 bits that count (RFC 9562 §6.2, method 1), then 48 that are random.
    /// </summary>
    public static Guid New(Instant now)
    {
        var order = unchecked((uint)Interlocked.Increment(ref made));
        Span<byte> bytes = stackalloc byte[16];
        Guid.CreateVersion7(now.ToDateTimeOffset()).TryWriteBytes(bytes, bigEndian: true, out _);
        bytes[6] = (byte)(0x70 | ((order >> 22) & 0x0F));
        bytes[7] = (byte)((order >> 14) & 0xFF);
        bytes[8] = (byte)(0x80 | ((order >> 8) & 0x3F));
        bytes[9] = (byte)(order & 0xFF);
        return new Guid(bytes, bigEndian: true);
    }

    public static string Format(Guid id)
    {
        Span<byte> bytes = stackalloc byte[16];
        id.TryWriteBytes(bytes, bigEndian: true, out _);
        var bits = new UInt128(BinaryPrimitives.ReadUInt64BigEndian(bytes), BinaryPrimitives.ReadUInt64BigEndian(bytes[8..]));
        return string.Create(Length, bits, static (text, value) =>
        {
            for (var i = Length - 1; i >= 0; i--)
            {
                text[i] = Alphabet[(int)(ulong)(value & 31)];
                value >>= 5;
            }
        });
    }

    /// <summary>Accepts either case; refuses what is not 26 characters of the alphabet or exceeds 128 bits.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out Guid id)
    {
        id = default;
        if (text.Length != Length || text[0] is < '0' or > '7')
        {
            return false;
        }

        var bits = UInt128.Zero;
        foreach (var c in text)
        {
            var digit = Alphabet.IndexOf(char.ToUpperInvariant(c), StringComparison.Ordinal);
            if (digit < 0)
            {
                return false;
            }

            bits = (bits << 5) | (uint)digit;
        }

        Span<byte> bytes = stackalloc byte[16];
        BinaryPrimitives.WriteUInt64BigEndian(bytes, (ulong)(bits >> 64));
        BinaryPrimitives.WriteUInt64BigEndian(bytes[8..], (ulong)(bits & ulong.MaxValue));
        id = new Guid(bytes, bigEndian: true);
        return true;
    }
}
