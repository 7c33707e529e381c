namespace Metering.EnforcementSidecar.Http;

/// <summary>In the form that Go writes: some gateways look response headers up by exactly these letters.</summary>
internal static class HeaderNames
{
    public const string ApiKey = "X-Api-Key";
    public const string Feature = "X-Meter-Feature";
    public const string Units = "X-Meter-Units";
    public const string RequestId = "X-Meter-Request-Id";
    public const string OriginalContentLength = "X-Original-Content-Length";
    public const string PromptTokens = "X-Meter-Prompt-Tokens";
    public const string Flavor = "X-Meter-Flavor";

    public const string Customer = "X-Meter-Customer";
    public const string Application = "X-Meter-Application";
    public const string Agent = "X-Meter-Agent";
    public const string Reservation = "X-Meter-Reservation";
    public const string Status = "X-Meter-Status";
    public const string Reason = "X-Meter-Reason";
    public const string Limit = "X-Meter-Limit";
    public const string Warning = "X-Meter-Warning";
    public const string RateLimit = "Ratelimit";
    public const string RateLimitPolicy = "Ratelimit-Policy";
    public const string KongLimit = "Ratelimit-Limit";
    public const string KongRemaining = "Ratelimit-Remaining";
    public const string KongReset = "Ratelimit-Reset";
}
