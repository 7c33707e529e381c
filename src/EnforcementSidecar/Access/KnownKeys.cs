using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Metering.EnforcementSidecar.Access;

/// <summary>
/// Remembers of some keys that were good what their SHA-256 is, because hashing a key takes as long as all else that is decided. A key is
/// recognised by SipHash-2-4 of 128 bits under a key of this process that nobody knows: whoever has not the key itself can do no better than
/// guess 128 bits, and learns nothing from how long the answer takes. Whose the key is, is looked up every time; nothing here lets anybody in.
/// Neither keys nor any part of them are kept.
/// </summary>
internal sealed class KnownKeys
{
    /// <summary>So many, in pairs; a power of two.</summary>
    public const int Capacity = 32_768;

    private readonly Known?[] known = new Known?[Capacity];
    private readonly ulong first;
    private readonly ulong second;

    public KnownKeys()
    {
        Span<ulong> secret = stackalloc ulong[2];
        RandomNumberGenerator.Fill(MemoryMarshal.AsBytes(secret));
        (first, second) = (secret[0], secret[1]);
    }

    /// <summary>By what <paramref name="key"/> is recognised, here and until the process ends.</summary>
    public KeyMark MarkOf(ReadOnlySpan<byte> key)
    {
        var (high, low) = SipHash.Of(key, first, second);
        return new KeyMark(high, low);
    }

    public bool TryFind(in KeyMark mark, out CredentialHash hash)
    {
        var pair = PairOf(mark);
        var found = Volatile.Read(ref known[pair]) is { } one && one.Mark.IsSame(mark) ? one
            : Volatile.Read(ref known[pair + 1]) is { } other && other.Mark.IsSame(mark) ? other
            : null;
        hash = found is null ? default : found.Hash;
        return found is not null;
    }

    /// <summary>To be called for keys that are somebody's alone: a flood of guesses must not drive out the keys that are used.</summary>
    public void Remember(in KeyMark mark, in CredentialHash hash)
    {
        var pair = PairOf(mark);
        var before = Volatile.Read(ref known[pair]);
        Volatile.Write(ref known[pair], new Known(mark, hash));
        Volatile.Write(ref known[pair + 1], before);
    }

    private static int PairOf(in KeyMark mark) => (int)(mark.Low & (Capacity - 2));

    private sealed class Known(in KeyMark mark, in CredentialHash hash)
    {
        public readonly KeyMark Mark = mark;
        public readonly CredentialHash Hash = hash;
    }
}
