using System.Security.Cryptography;
using System.Text;

namespace Metering.Notifications.Delivering;

/// <summary>Standard Webhooks 1.0.0, symmetric: <c>v1,</c> and HMAC-SHA256 of id, time and body as base 64.</summary>
internal static class WebhookSignature
{
    /// <param name="id">Without a dot.</param>
    public static string Of(ReadOnlySpan<byte> key, string id, long unixSeconds, string body) =>
        "v1," + Convert.ToBase64String(HMACSHA256.HashData(key, Encoding.UTF8.GetBytes($"{id}.{unixSeconds}.{body}")));
}
