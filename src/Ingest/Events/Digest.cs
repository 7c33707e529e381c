using System.Security.Cryptography;
using System.Text;

namespace Metering.Ingest.Events;

/// <summary>128 bits of SHA-256: enough to be an identity, half the width of the whole.</summary>
internal static class Digest
{
    private const int StackBytes = 1024;

    /// <summary>To be set up once for each thread: that takes longer than hashing an event.</summary>
    [ThreadStatic]
    private static IncrementalHash? ofThisThread;

    public static Guid Of(ReadOnlySpan<byte> bytes)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        Hash(bytes, hash);
        return new Guid(hash[..16], bigEndian: true);
    }

    /// <param name="hash">Takes the whole of it, 32 bytes.</param>
    public static void Hash(ReadOnlySpan<byte> bytes, Span<byte> hash)
    {
        var sha256 = ofThisThread ??= IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        sha256.AppendData(bytes);
        sha256.GetHashAndReset(hash);
    }

    public static Guid Of(string text)
    {
        var length = Encoding.UTF8.GetMaxByteCount(text.Length);
        Span<byte> bytes = length <= StackBytes ? stackalloc byte[StackBytes] : new byte[length];
        return Of(bytes[..Encoding.UTF8.GetBytes(text, bytes)]);
    }
}
