using System.Security.Cryptography;
using System.Text;
using Metering.Platform;
using Microsoft.Extensions.Logging;

namespace Metering.Notifications.Secrets;

/// <summary>
/// Seals what has to be read again, with a key that is not in the database: whoever gets a copy of the database gets no secret.
/// AES-256-GCM; nonce, tag and text in one.
/// </summary>
internal sealed class SecretBox : IDisposable
{
    public const string KeyFile = "secret-key";
    private const int KeyBytes = 32;
    private const int NonceBytes = 12;
    private const int TagBytes = 16;

    private readonly AesGcm cipher;

    public SecretBox(MeteringOptions options, ILogger<SecretBox> logger) =>
        cipher = new AesGcm(options.SecretKey is { } preset ? Parse(preset) : KeyOfFile(options.DataDirectory, logger), TagBytes);

    public byte[] Seal(string text)
    {
        var plain = Encoding.UTF8.GetBytes(text);
        var sealedText = new byte[NonceBytes + TagBytes + plain.Length];
        var nonce = sealedText.AsSpan(0, NonceBytes);
        RandomNumberGenerator.Fill(nonce);
        cipher.Encrypt(nonce, plain, sealedText.AsSpan(NonceBytes + TagBytes), sealedText.AsSpan(NonceBytes, TagBytes));
        return sealedText;
    }

    /// <summary>Null when it was sealed with another key.</summary>
    public string? TryOpen(ReadOnlySpan<byte> sealedText)
    {
        if (sealedText.Length < NonceBytes + TagBytes)
        {
            return null;
        }

        var plain = new byte[sealedText.Length - NonceBytes - TagBytes];
        try
        {
            cipher.Decrypt(sealedText[..NonceBytes], sealedText[(NonceBytes + TagBytes)..], sealedText.Slice(NonceBytes, TagBytes), plain);
            return Encoding.UTF8.GetString(plain);
        }
        catch (AuthenticationTagMismatchException)
        {
            return null;
        }
    }

    public void Dispose() => cipher.Dispose();

    private static byte[] Parse(string preset)
    {
        var key = new byte[KeyBytes];
        return Convert.TryFromBase64String(preset, key, out var length) && length == KeyBytes
            ? key
            : throw new InvalidOptionException("METERING_SECRET_KEY", $"is not {KeyBytes} bytes as base 64 (openssl rand -base64 {KeyBytes})");
    }

    private static byte[] KeyOfFile(string directory, ILogger logger)
    {
        var path = Path.Combine(directory, KeyFile);
        if (File.Exists(path))
        {
            return Convert.FromBase64String(File.ReadAllText(path));
        }

        Directory.CreateDirectory(directory);
        var key = RandomNumberGenerator.GetBytes(KeyBytes);
        var ownerOnly = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            ownerOnly.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        using (var writer = new StreamWriter(path, ownerOnly))
        {
            writer.Write(Convert.ToBase64String(key));
        }

        logger.SecretKeyWritten(KeyFile, directory);
        return key;
    }
}
