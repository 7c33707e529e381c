using System.Security.Cryptography;
using System.Text;

namespace Metering.Platform.Idempotency;

/// <summary>
/// Answers may hold a secret that is told once. They are stored sealed (AES-256-GCM) under a key made from the secret of the caller's API
/// key, which is stored nowhere: who asks again brings it along, and who reads the table finds nothing.
/// </summary>
internal static class AnswerSeal
{
    private const int SaltBytes = 16;
    private const int KeyBytes = 32;
    private static readonly byte[] Purpose = "metering idempotent answer"u8.ToArray();

    /// <returns>Salt, nonce, tag and text, one behind the other.</returns>
    public static byte[] Seal(byte[] answer, string apiKeySecret)
    {
        var salt = RandomNumberGenerator.GetBytes(SaltBytes);
        var nonce = RandomNumberGenerator.GetBytes(AesGcm.NonceByteSizes.MaxSize);
        var tag = new byte[AesGcm.TagByteSizes.MaxSize];
        var text = new byte[answer.Length];
        using var cipher = new AesGcm(KeyOf(apiKeySecret, salt), tag.Length);
        cipher.Encrypt(nonce, answer, text, tag);
        return [.. salt, .. nonce, .. tag, .. text];
    }

    public static byte[] Open(byte[] sealedAnswer, string apiKeySecret)
    {
        var (nonceBytes, tagBytes) = (AesGcm.NonceByteSizes.MaxSize, AesGcm.TagByteSizes.MaxSize);
        var salt = sealedAnswer.AsSpan(0, SaltBytes);
        var nonce = sealedAnswer.AsSpan(SaltBytes, nonceBytes);
        var tag = sealedAnswer.AsSpan(SaltBytes + nonceBytes, tagBytes);
        var text = sealedAnswer.AsSpan(SaltBytes + nonceBytes + tagBytes);
        var answer = new byte[text.Length];
        using var cipher = new AesGcm(KeyOf(apiKeySecret, salt.ToArray()), tagBytes);
        cipher.Decrypt(nonce, text, tag, answer);
        return answer;
    }

    private static byte[] KeyOf(string apiKeySecret, byte[] salt) =>
        HKDF.DeriveKey(HashAlgorithmName.SHA256, Encoding.UTF8.GetBytes(apiKeySecret), KeyBytes, salt, Purpose);
}
