using System.Buffers.Binary;

namespace Metering.Ingest.Recording;

/// <summary>
/// Remembers the keys of the events that this process saw lately, as fingerprints of eight bytes. What is not found here is most likely new
/// and is recorded as if it were; the unique index has the last word. Two generations bound the memory: when the younger is full the older is
/// forgotten. Not for threads to share.
/// </summary>
internal sealed class RecentKeys(int slots = RecentKeys.DefaultSlots)
{
    /// <summary>A power of two. 16 MB a generation.</summary>
    private const int DefaultSlots = 1 << 21;

    private readonly int maxKeys = slots / 3 * 2;
    private ulong[] younger = new ulong[slots];
    private ulong[] older = new ulong[slots];
    private int youngerCount;

    /// <summary>Remembers the key from now on.</summary>
    /// <returns>True when it was remembered already, or one that looks the same.</returns>
    public bool Enter(Guid key)
    {
        var fingerprint = FingerprintOf(key);
        var slot = Find(younger, fingerprint);
        if (younger[slot] == fingerprint || older[Find(older, fingerprint)] == fingerprint)
        {
            return true;
        }

        younger[slot] = fingerprint;
        if (++youngerCount >= maxKeys)
        {
            (younger, older) = (older, younger);
            Array.Clear(younger);
            youngerCount = 0;
        }

        return false;
    }

    /// <summary>The slot of a fingerprint, or the free one where it belongs. A generation is never full.</summary>
    private static int Find(ulong[] generation, ulong fingerprint)
    {
        var mask = generation.Length - 1;
        var slot = (int)(fingerprint & (ulong)mask);
        while (generation[slot] != 0 && generation[slot] != fingerprint)
        {
            slot = (slot + 1) & mask;
        }

        return slot;
    }

    /// <summary>The end of a key, which is hash whatever it begins with. Zero is a free slot.</summary>
    private static ulong FingerprintOf(Guid key)
    {
        Span<byte> bytes = stackalloc byte[16];
        key.TryWriteBytes(bytes, bigEndian: true, out _);
        return Math.Max(1, BinaryPrimitives.ReadUInt64BigEndian(bytes[8..]));
    }
}
