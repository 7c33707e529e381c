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
    private const sbyte NoDigit = -1;
    private const int PoolBytes = 1_600;
    private const int ChanceBytes = 10;
    private const ulong RandAMask = 0x0FFF;
    private const ulong RandBMask = 0x3FFF_FFFF_FFFF_FFFF;

    private static readonly sbyte[] Digits = [.. Enumerable.Range(0, 128).Select(c => (sbyte)Alphabet.IndexOf((char)c, StringComparison.Ordinal))];

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

        // 26 digits are 130 bits, of which the first has three bits at most; halves are quicker to shift than the whole.
        var (high, low) = (0UL, 0UL);
        for (var i = 0; i < Length; i++)
        {
            var digit = text[i] < Digits.Length ? Digits[text[i]] : NoDigit;
            if (digit == NoDigit)
            {
                return false;
            }

            high = (high << 5) | (low >> 59);
            low = (low << 5) | (byte)digit;
        }

        id = new UInt128(high, low);
        return true;
    }

    /// <summary>When the id was made, to the millisecond.</summary>
    public static Instant TimeOf(UInt128 id) => Instant.FromUnixTimeMilliseconds((long)(ulong)(id >> 80));
}
