using System.Buffers.Binary;
using System.Text;

namespace Metering.Ingest.Events;

/// <summary>Sources, types and subjects come again and again: each of them is one string for as long as its place is not taken by another.
/// Threads may share it: at worst one of them makes a string that another has made.</summary>
internal sealed class RecentTexts
{
    private const int Slots = 1 << SlotBits;
    private const int SlotBits = 11;
    private const int MaxKeptBytes = 128;
    private const ulong Spread = 0x9E3779B97F4A7C15;

    private readonly string?[] slots = new string?[Slots];

    /// <param name="utf8">Valid UTF-8.</param>
    public string Of(ReadOnlySpan<byte> utf8)
    {
        if (utf8.Length > MaxKeptBytes)
        {
            return Encoding.UTF8.GetString(utf8);
        }

        ref var slot = ref slots[SlotOf(utf8)];
        if (slot is { } known && Ascii.Equals(utf8, known))
        {
            return known;
        }

        return slot = Encoding.UTF8.GetString(utf8);
    }

    private static int SlotOf(ReadOnlySpan<byte> utf8)
    {
        var hash = unchecked((ulong)utf8.Length * Spread);
        for (; utf8.Length >= sizeof(ulong); utf8 = utf8[sizeof(ulong)..])
        {
            hash = unchecked((hash ^ BinaryPrimitives.ReadUInt64LittleEndian(utf8)) * Spread);
            hash ^= hash >> 32;
        }

        foreach (var rest in utf8)
        {
            hash = unchecked((hash ^ rest) * Spread);
        }

        return (int)(unchecked(hash * Spread) >> (64 - SlotBits));
    }
}
