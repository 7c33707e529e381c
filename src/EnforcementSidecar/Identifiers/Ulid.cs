using System.Security.Cryptography;
using NodaTime;

namespace Metering.EnforcementSidecar.Identifiers;

/// <summary>
/// 26 Crockford base-32 characters: 48 bits of milliseconds, then chance. The bits are a valid UUIDv7, so that Host can keep
/// the id as one.
/// </summary>
internal static class Ulid
{
    public const int Length = 26;

    private const string Alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    private const int PoolBytes = 1_600;
    private const int ChanceBytes = 10;
    private const ulong RandAMask = 0x0FFF;
    private const ulong RandBMask = 0x3FFF_FFFF_FFFF_FFFF;

    // The kernel is asked once per 160 ids, not once per id: the check path makes one for every request.
    [ThreadStatic]
    private static byte[]? pool;

    [ThreadStatic]
    private static int used;

    public static UInt128 New(Instant now)
    {
        if (pool is null || used + ChanceBytes > PoolBytes)
        {
            pool ??= new byte[PoolBytes];
            RandomNumberGenerator.Fill(pool);
            used = 0;
        }

        var chance = pool.AsSpan(used, ChanceBytes);
        used += ChanceBytes;
        var milliseconds = (ulong)now.ToUnixTimeMilliseconds();
        var high = (milliseconds << 16) | 0x7000 | (BitConverter.ToUInt16(chance) & RandAMask);
        var low = 0x8000_0000_0000_0000 | (BitConverter.ToUInt64(chance[2..]) & RandBMask);
        return new UInt128(high, low);
    }

    public static string NewText(Instant now) => Format(New(now));

    public static string Format(UInt128 id) => string.Create(Length, id, static (text, value) => Format(value, text));

    public static void Format(UInt128 id, Span<char> text)
    {
        for (var i = Length - 1; i >= 0; i--)
        {
            text[i] = Alphabet[(int)(ulong)(id & 31)];
            id >>= 5;
        }
    }

    /// <summary>Only the exact form that <see cref="Format(UInt128)"/> writes.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out UInt128 id)
    {
        id = UInt128.Zero;
        if (text.Length != Length || text[0] is < '0' or > '7')
        {
            return false;
        }

        foreach (var c in text)
        {
            var digit = Alphabet.IndexOf(c, StringComparison.Ordinal);
            if (digit < 0)
            {
                return false;
            }

            id = (id << 5) | (uint)digit;
        }

        return true;
    }

    /// <summary>When the id was made, to the millisecond.</summary>
    public static Instant TimeOf(UInt128 id) => Instant.FromUnixTimeMilliseconds((long)(ulong)(id >> 80));
}
