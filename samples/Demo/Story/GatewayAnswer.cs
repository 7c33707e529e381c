using System.Text.Json;
using System.Text.Json.Nodes;

namespace Metering.Demo.Story;

/// <summary>What a customer's program sees of one request.</summary>
/// <param name="Tokens">What the model says it used; 0 unless it was reached.</param>
/// <param name="Headers">Those that tell a refused program what to do: RateLimit, RateLimit-Policy, Retry-After.</param>
public sealed record GatewayAnswer(int Status, string Body, int Tokens, IReadOnlyList<(string Name, string Value)> Headers)
{
    public const string RateLimited = "rate_limited";
    public const string QuotaExhausted = "quota_exhausted";

    public bool IsAnswer => Status == StatusCodes.Status200OK;

    /// <summary>Why it was refused, as the problem in the body says; the bare status when it says nothing.</summary>
    public string Reason
    {
        get
        {
            try
            {
                return JsonNode.Parse(Body)?["reason"]?.GetValue<string>() ?? $"{Status}";
            }
            catch (JsonException)
            {
                return $"{Status}";
            }
        }
    }
}
