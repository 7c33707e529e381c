using System.Security.Cryptography;
using System.Text;

namespace Metering.Platform.Idempotency;

/// <summary>Which request it is: the same three are the same request, and then its fingerprint has to be the same too.</summary>
/// <param name="Route">The pattern, not the path: the path is part of the fingerprint.</param>
internal sealed record IdempotencyIdentity(Guid ApiKeyId, string Route, string Key, byte[] Fingerprint)
{
    public string LockName => $"platform.idempotency_key {ApiKeyId} {Route} {Key}";

    public static byte[] FingerprintOf(string pathAndQuery, ReadOnlySpan<byte> body)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(Encoding.UTF8.GetBytes(pathAndQuery + "\n"));
        hash.AppendData(body);
        return hash.GetHashAndReset();
    }
}
