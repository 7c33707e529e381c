using System.Security.Cryptography;
using System.Text.RegularExpressions;

namespace Metering.Notifications.Secrets;

/// <summary>What a receiver verifies signatures with: <c>whsec_</c> and random bytes as base 64.</summary>
internal static partial class SigningSecret
{
    public const string Prefix = "whsec_";
    private const int Bytes = 24;
    private const int MinBytes = 24;
    private const int MaxBytes = 64;

    public static string New() => Prefix + Convert.ToBase64String(RandomNumberGenerator.GetBytes(Bytes));

    /// <summary>OpenMeter's form, and really base 64 of a length that Standard Webhooks allows.</summary>
    public static bool IsValid(string text) => Form().IsMatch(text) && TryKeyOf(text, out var key) && key.Length is >= MinBytes and <= MaxBytes;

    /// <summary>The bytes that sign.</summary>
    public static bool TryKeyOf(string secret, out byte[] key)
    {
        var text = secret.StartsWith(Prefix, StringComparison.Ordinal) ? secret[Prefix.Length..] : secret;
        var buffer = new byte[text.Length];
        var valid = Convert.TryFromBase64String(text, buffer, out var length);
        key = buffer[..length];
        return valid;
    }

    [GeneratedRegex(@"\A(?:whsec_)?[a-zA-Z0-9+/=]{32,100}\z", RegexOptions.CultureInvariant)]
    private static partial Regex Form();
}
