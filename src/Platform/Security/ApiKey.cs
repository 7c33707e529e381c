using System.Security.Cryptography;
using System.Text;

namespace Metering.Platform.Security;

/// <summary>
/// A secret of 256 random bits, shown once. Only its SHA-256 is stored: that is enough for a secret nobody can guess, and
/// cheap enough to check on every request.
/// </summary>
public sealed record ApiKey(string Secret)
{
    public const int MaxLength = 256;
    public const int MinPresetLength = 16;

    /// <param name="prefix">Tells keys apart when one leaks: <c>mtr_admin</c>, <c>mtr_live</c>…</param>
    public static ApiKey Generate(string prefix) =>
        new($"{prefix}_{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32))}");

    public byte[] Hash() => HashOf(Secret);

    public static byte[] HashOf(string secret) => SHA256.HashData(Encoding.UTF8.GetBytes(secret));

    /// <summary>Keeps records from printing what must not be printed.</summary>
    public override string ToString() => "ApiKey(hidden)";
}
