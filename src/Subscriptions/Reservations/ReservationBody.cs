using Metering.Contracts.Sidecar;
using Metering.Subscriptions.Plans;
using Metering.Subscriptions.Wire;

namespace Metering.Subscriptions.Reservations;

/// <summary>How calls of a model are reserved before they are forwarded, as a plan says it.</summary>
/// <param name="Mode"><c>strict</c>: an upper bound; or <c>estimate</c>: what such calls usually use.</param>
/// <param name="MaxOutputTokens">Of one answer; who asks for more gets this.</param>
/// <param name="DefaultOutputTokens">Of one answer, where the client does not say; <paramref name="MaxOutputTokens"/> when absent.</param>
/// <param name="Counts"><c>total</c>, which is the default, <c>input</c> or <c>output</c>: which tokens are units.</param>
/// <param name="OverheadBytes">What the provider puts around the client's text; 512 when absent.</param>
/// <param name="MaxContextTokens">Reserved where nothing else bounds the input; absent: such calls are denied.</param>
/// <param name="OnOrphan"><c>charge_reserved</c>, which is the default, <c>charge_prompt</c> or <c>refund</c>.</param>
/// <param name="UpstreamTimeout">When the gateway gives the provider up: <c>PT10M</c>, which is the default.</param>
/// <param name="Grace">How much later a settlement may come: <c>PT1M</c>, which is the default.</param>
internal sealed record ReservationBody(
    string Mode,
    long MaxOutputTokens,
    long? DefaultOutputTokens = null,
    string? Counts = null,
    long? OverheadBytes = null,
    long? MaxContextTokens = null,
    string? OnOrphan = null,
    string? UpstreamTimeout = null,
    string? Grace = null)
{
    public const long MaxTokens = 10_000_000;
    private const long DefaultOverheadBytes = 512;
    private const int DefaultTimeoutSeconds = 600;
    private const int DefaultGraceSeconds = 60;

    public void Check(string at, FieldErrors errors)
    {
        errors.AddIf(Mode is not ("strict" or "estimate"), $"{at}/mode", "unknown_mode", "A reservation is strict or an estimate.");
        errors.AddIf(
            Counts is not (null or "total" or "input" or "output"), $"{at}/counts", "unknown_tokens", "Units are total, input or output tokens.");
        errors.AddIf(
            OnOrphan is not (null or "charge_reserved" or "charge_prompt" or "refund"), $"{at}/onOrphan", "unknown_policy",
            "What nobody settles is charge_reserved, charge_prompt or refund.");
        CheckTokens(MaxOutputTokens, $"{at}/maxOutputTokens", errors);
        CheckTokens(DefaultOutputTokens, $"{at}/defaultOutputTokens", errors);
        CheckTokens(MaxContextTokens, $"{at}/maxContextTokens", errors);
        errors.AddIf(
            DefaultOutputTokens > MaxOutputTokens, $"{at}/defaultOutputTokens", "out_of_range", "The default is not more than the maximum.");
        errors.AddIf(OverheadBytes is < 0 or > MaxTokens, $"{at}/overheadBytes", "out_of_range", $"0 to {MaxTokens} bytes.");
        CheckDuration(UpstreamTimeout, $"{at}/upstreamTimeout", errors);
        CheckDuration(Grace, $"{at}/grace", errors);
    }

    /// <summary>Of what has passed the checks.</summary>
    public ReservationTerms ToTerms() => new(
        Mode == "strict" ? ReservationMode.Strict : ReservationMode.Estimate,
        Counts switch { "input" => CountedTokens.Input, "output" => CountedTokens.Output, _ => CountedTokens.Total },
        DefaultOutputTokens ?? MaxOutputTokens,
        MaxOutputTokens,
        OverheadBytes ?? DefaultOverheadBytes,
        MaxContextTokens,
        OnOrphan switch
        {
            "charge_prompt" => OrphanPolicy.ChargePrompt,
            "refund" => OrphanPolicy.Refund,
            _ => OrphanPolicy.ChargeReserved,
        },
        RateLimitWindow.TryParse(UpstreamTimeout, out var timeout) ? timeout : DefaultTimeoutSeconds,
        RateLimitWindow.TryParse(Grace, out var grace) ? grace : DefaultGraceSeconds);

    private static void CheckTokens(long? tokens, string pointer, FieldErrors errors) =>
        errors.AddIf(tokens is < 1 or > MaxTokens, pointer, "out_of_range", $"1 to {MaxTokens} tokens.");

    private static void CheckDuration(string? text, string pointer, FieldErrors errors) => errors.AddIf(
        text is not null && !RateLimitWindow.TryParse(text, out _), pointer, "invalid_duration",
        $"A time is PTnS, PTnM or PTnH, of 1 to {RateLimitWindow.MaxSeconds} seconds.");
}
