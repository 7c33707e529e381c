using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace Metering.Portal.Access;

/// <summary>256 random bits for a link or a cookie. Told once; only the SHA-256 is stored.</summary>
internal static class PortalSecret
{
    private const int Bytes = 32;
    private const int MaxLength = 64;

    public static string New() => Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(Bytes));

    /// <summary>Null when the text cannot be one of ours.</summary>
    public static byte[]? HashOf(string? secret) =>
        secret is { Length: > 0 and <= MaxLength } ? SHA256.HashData(Encoding.UTF8.GetBytes(secret)) : null;
}
