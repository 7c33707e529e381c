using System.Security.Cryptography;
using System.Text;

namespace Metering.Ingest.Events;

/// <summary>128 bits of SHA-256: enough to be an identity, half the width of the whole.</summary>
internal static class Digest
{
    private const int StackBytes = 1024;

    public static Guid Of(ReadOnlySpan<byte> bytes)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(bytes, hash);
        return new Guid(hash[..16], bigEndian: true);
    }

    public static Guid Of(string text)
    {
        var length = Encoding.UTF8.GetMaxByteCount(text.Length);
        Span<byte> bytes = length <= StackBytes ? stackalloc byte[StackBytes] : new byte[length];
        return Of(bytes[..Encoding.UTF8.GetBytes(text, bytes)]);
    }
}
