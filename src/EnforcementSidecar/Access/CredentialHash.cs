using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Metering.EnforcementSidecar.Access;

/// <summary>SHA-256 of an API key, as a value that can be looked up without making a string.</summary>
internal readonly record struct CredentialHash(ulong A, ulong B, ulong C, ulong D)
{
    /// <summary>To be set up once for each thread: that takes longer than hashing a key.</summary>
    [ThreadStatic]
    private static IncrementalHash? ofThisThread;

    public static CredentialHash OfKey(ReadOnlySpan<byte> key)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        var sha256 = ofThisThread ??= IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        sha256.AppendData(key);
        sha256.GetHashAndReset(hash);
        return FromBytes(hash);
    }

    /// <summary>64 hex digits.</summary>
    public static bool TryParse(string text, out CredentialHash hash)
    {
        hash = default;
        Span<byte> bytes = stackalloc byte[SHA256.HashSizeInBytes];
        if (text.Length != bytes.Length * 2 || Convert.FromHexString(text, bytes, out _, out _) != System.Buffers.OperationStatus.Done)
        {
            return false;
        }

        hash = FromBytes(bytes);
        return true;
    }

    /// <summary>64 hex digits.</summary>
    public static bool TryParse(ReadOnlySpan<byte> utf8, out CredentialHash hash)
    {
        hash = default;
        Span<byte> bytes = stackalloc byte[SHA256.HashSizeInBytes];
        if (utf8.Length != bytes.Length * 2 || Convert.FromHexString(utf8, bytes, out _, out _) != System.Buffers.OperationStatus.Done)
        {
            return false;
        }

        hash = FromBytes(bytes);
        return true;
    }

    // The bits are as good as random already.
    public override int GetHashCode() => unchecked((int)(A ^ (A >> 32)));

    private static CredentialHash FromBytes(ReadOnlySpan<byte> bytes)
    {
        var parts = MemoryMarshal.Cast<byte, ulong>(bytes);
        return new CredentialHash(parts[0], parts[1], parts[2], parts[3]);
    }
}
