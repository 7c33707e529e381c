using System.Text.Json.Serialization;
using Metering.Contracts.Sidecar;
using Metering.Subscriptions.Wire;

namespace Metering.Subscriptions.Plans;

/// <summary>How large one request to a feature may be, and how many may be in flight. What is absent is not limited.</summary>
/// <param name="Prepaid">Requests pass only as far as the customer's prepaid credit covers their price.</param>
internal sealed record RequestLimitsBody(
    ConcurrencyBody? Concurrency = null, BodySizeBody? BodySize = null, PromptSizeBody? PromptSize = null, bool? Prepaid = null)
{
    public static readonly RequestLimitsBody None = new();

    public void Check(string at, FieldErrors errors)
    {
        Concurrency?.Check($"{at}/concurrency", errors);
        CheckSize(BodySize?.MaxBytes, BodySize?.WhenUnknown, BodySizeBody.MostBytes, "maxBytes", $"{at}/bodySize", errors);
        CheckSize(PromptSize?.MaxTokens, PromptSize?.WhenUnknown, PromptSizeBody.MostTokens, "maxTokens", $"{at}/promptSize", errors);
    }

    /// <summary>As a sidecar has to know them.</summary>
    public FeatureAccess AddTo(FeatureAccess access) => access with
    {
        Concurrency = Concurrency is null ? null : new ConcurrencyTerms(Concurrency.Limit, Concurrency.MaxSeconds),
        BodySize = BodySize is null ? null : new SizeTerms(BodySize.MaxBytes, BodySize.WhenUnknown == Pass),
        PromptSize = PromptSize is null ? null : new SizeTerms(PromptSize.MaxTokens, PromptSize.WhenUnknown == Pass),
    };

    private const string Pass = "pass";
    private const string Refuse = "refuse";

    private static void CheckSize(long? max, string? whenUnknown, long most, string field, string at, FieldErrors errors)
    {
        if (max is null)
        {
            return;
        }

        errors.AddIf(max < 1 || max > most, $"{at}/{field}", "out_of_range", $"The most is 1 to {most}.");
        errors.AddIf(
            whenUnknown is not (Pass or Refuse), $"{at}/whenUnknown", "unknown_choice",
            "A request of which the gateway does not tell the size is let pass or refused: pass or refuse.");
    }
}

/// <param name="MaxDuration">
/// ISO 8601 in seconds, minutes or hours: from then on a request that nobody released is taken for ended. <c>PT10M</c> when absent.
/// </param>
internal sealed record ConcurrencyBody(int Limit, string? MaxDuration = null)
{
    public const int MaxLimit = 100_000;
    public const int DefaultSeconds = 600;

    /// <summary>Of what passed the checks.</summary>
    [JsonIgnore]
    public int MaxSeconds => MaxDuration is not null && RateLimitWindow.TryParse(MaxDuration, out var seconds) ? seconds : DefaultSeconds;

    public void Check(string at, FieldErrors errors)
    {
        errors.AddIf(Limit is < 1 or > MaxLimit, $"{at}/limit", "out_of_range", $"In flight may be 1 to {MaxLimit} requests.");
        errors.AddIf(
            MaxDuration is not null && !RateLimitWindow.TryParse(MaxDuration, out _), $"{at}/maxDuration", "invalid_duration",
            $"A duration is PTnS, PTnM or PTnH, of 1 to {RateLimitWindow.MaxSeconds} seconds.");
    }
}

/// <param name="WhenUnknown">
/// <c>pass</c> or <c>refuse</c>: what becomes of a request whose length the gateway does not tell, such as a chunked one.
/// </param>
internal sealed record BodySizeBody(long MaxBytes, string WhenUnknown)
{
    public const long MostBytes = 1L << 40;
}

/// <param name="WhenUnknown"><c>pass</c> or <c>refuse</c>: what becomes of a request whose prompt the gateway did not count.</param>
internal sealed record PromptSizeBody(long MaxTokens, string WhenUnknown)
{
    public const long MostTokens = 1_000_000_000;
}
