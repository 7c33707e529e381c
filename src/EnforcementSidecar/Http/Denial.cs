using System.Globalization;
using Metering.EnforcementSidecar.Credits;
using Metering.EnforcementSidecar.Deciding;
using Metering.EnforcementSidecar.Json;

namespace Metering.EnforcementSidecar.Http;

/// <summary>How a refusal is told: one row per outcome.</summary>
/// <param name="Reason">Stable, snake_case, for programs.</param>
/// <param name="Level">Whose rule it was; null when nobody's.</param>
internal sealed record Denial(int Status, string Type, string Title, string Reason, string? Level)
{
    private const string Metering = "urn:metering:problem:";
    private const string QuotaExceeded = "https://iana.org/assignments/http-problem-types#quota-exceeded";

    private static readonly Denial NotReady = Undecided("not_ready", null);
    private static readonly Denial UnknownCredential =
        new(StatusCodes.Status401Unauthorized, Metering + "unauthenticated", "A valid API key is required", "unknown_credential", "customer");

    private static readonly Denial ExpiredCredential =
        new(StatusCodes.Status401Unauthorized, Metering + "unauthenticated", "A valid API key is required", "credential_expired", "customer");

    private static readonly Denial Suspended = Forbidden("customer_suspended", "customer");
    private static readonly Denial OutOfScope = Forbidden("feature_out_of_scope", "credential");
    private static readonly Denial NotEntitled = Forbidden("feature_not_entitled", "feature");
    private static readonly Denial RequestTooLarge = TooLarge("request_too_large", "body");
    private static readonly Denial RequestSizeUnknown = TooLarge("request_size_unknown", "body");
    private static readonly Denial PromptTooLarge = TooLarge("prompt_too_large", "prompt");
    private static readonly Denial PromptSizeUnknown = TooLarge("prompt_size_unknown", "prompt");
    private static readonly Denial ConcurrencyExhausted = TooMany("Too many requests are in flight", "concurrency_exhausted", "concurrency");
    private static readonly Denial RateLimited = TooMany("The rate limit is reached", "rate_limited", "rate");
    private static readonly Denial Exhausted = TooMany("The quota is used up", "quota_exhausted", "quota");
    private static readonly Denial ShareUnavailable = Undecided("share_unavailable", "feature");
    private static readonly Denial LeaseUnavailable = Undecided("lease_unavailable", "quota");
    private static readonly Denial EntitlementUnknown = Undecided("entitlement_unknown", "quota");
    private static readonly Denial CreditExhausted = new(
        StatusCodes.Status402PaymentRequired, Metering + "payment-required", "Prepaid credit is used up", "credit_exhausted", "credit");

    private static readonly Denial CreditUnavailable = Undecided("credit_unavailable", "credit");
    private static readonly Denial CreditUnknown = Undecided("credit_unknown", "credit");

    public static readonly Denial InvalidRequest =
        new(StatusCodes.Status400BadRequest, Metering + "invalid-request", "The request is not valid", "invalid_request", null);

    /// <summary>A call of a model of which nobody can tell before how much it may use.</summary>
    public static readonly Denial InputUnbounded =
        new(StatusCodes.Status413PayloadTooLarge, Metering + "too-large", "The request is too large", "input_unbounded", "feature");

    /// <summary>More calls of models are under way than can be remembered.</summary>
    public static readonly Denial ReservationsFull = Undecided("reservations_full", null);

    public static readonly Denial FeatureGone = Forbidden("feature_not_entitled", "feature");

    public static readonly Denial MethodNotAllowed =
        Plain(StatusCodes.Status405MethodNotAllowed, "method-not-allowed", "The resource does not support this method", "method_not_allowed");

    /// <param name="slug">Of the product's list of problem types.</param>
    public static Denial Plain(int status, string slug, string title, string reason) => new(status, Metering + slug, title, reason, null);

    /// <exception cref="ArgumentException">The request was allowed.</exception>
    public static Denial Of(DecisionOutcome outcome) => outcome switch
    {
        DecisionOutcome.NotReady => NotReady,
        DecisionOutcome.UnknownCredential => UnknownCredential,
        DecisionOutcome.CredentialExpired => ExpiredCredential,
        DecisionOutcome.CustomerSuspended => Suspended,
        DecisionOutcome.FeatureOutOfScope => OutOfScope,
        DecisionOutcome.FeatureNotEntitled => NotEntitled,
        DecisionOutcome.RequestTooLarge => RequestTooLarge,
        DecisionOutcome.RequestSizeUnknown => RequestSizeUnknown,
        DecisionOutcome.PromptTooLarge => PromptTooLarge,
        DecisionOutcome.PromptSizeUnknown => PromptSizeUnknown,
        DecisionOutcome.ConcurrencyExhausted => ConcurrencyExhausted,
        DecisionOutcome.RateLimited => RateLimited,
        DecisionOutcome.ShareUndecided => ShareUnavailable,
        DecisionOutcome.QuotaExhausted => Exhausted,
        DecisionOutcome.QuotaUndecided => LeaseUnavailable,
        DecisionOutcome.QuotaUnknown => EntitlementUnknown,
        DecisionOutcome.CreditExhausted => CreditExhausted,
        DecisionOutcome.CreditUndecided => CreditUnavailable,
        DecisionOutcome.CreditUnknown => CreditUnknown,
        DecisionOutcome.Allowed => throw new ArgumentException("An allowed request has no denial.", nameof(outcome)),
    };

    /// <summary>A sentence for people. Names the customer's own limits, never another's.</summary>
    public static string DetailOf(in Decision decision)
    {
        return decision.Outcome switch
        {
            DecisionOutcome.NotReady => "This sidecar does not know the customers yet; try again.",
            DecisionOutcome.UnknownCredential => "The API key is not known. Send it as Authorization: Bearer or as X-Api-Key.",
            DecisionOutcome.CredentialExpired => "The API key has expired.",
            DecisionOutcome.CustomerSuspended => "The customer is suspended, or the application or agent that the key names.",
            DecisionOutcome.FeatureOutOfScope => "This API key may not be used for this feature.",
            DecisionOutcome.FeatureNotEntitled => "The customer's plan does not give this feature now.",
            DecisionOutcome.RequestTooLarge => string.Create(
                CultureInfo.InvariantCulture,
                $"{decision.Feature!.Key} takes bodies of {decision.Feature.BodySize!.Max} bytes at most; this one has {decision.Size.BodyBytes}."),
            DecisionOutcome.RequestSizeUnknown =>
                "The feature takes bodies up to a size, and the length of this one is not told. Send it with a Content-Length.",
            DecisionOutcome.PromptTooLarge => string.Create(
                CultureInfo.InvariantCulture,
                $"{decision.Feature!.Key} takes prompts of {decision.Feature.PromptSize!.Max} tokens at most; "
                + $"this one has {decision.Size.PromptTokens}."),
            DecisionOutcome.PromptSizeUnknown => "The feature takes prompts up to a size, and the gateway did not count the tokens of this one.",
            DecisionOutcome.ConcurrencyExhausted => string.Create(
                CultureInfo.InvariantCulture,
                $"{decision.Feature!.Key} admits {decision.Slots.Limit} requests at a time, and no more may be in flight now."),
            DecisionOutcome.RateLimited => RateDetail(decision),
            DecisionOutcome.ShareUndecided => "The limit is divided among sidecars, and the server that divides it did not answer.",
            DecisionOutcome.QuotaExhausted => QuotaDetail(decision),
            DecisionOutcome.QuotaUndecided => "The limit is hard, nothing is left in memory, and the server that holds the rest did not answer.",
            DecisionOutcome.QuotaUnknown => "The server does not know this limit yet; try again.",
            DecisionOutcome.CreditExhausted => CreditDetail(decision),
            DecisionOutcome.CreditUndecided =>
                "Prepaid credit pays for this, none is left in memory, and the server that holds the rest did not answer.",
            DecisionOutcome.CreditUnknown => "Prepaid credit pays for this, and nothing tells beforehand what it costs.",
            DecisionOutcome.Allowed => "",
        };
    }

    private static string CreditDetail(in Decision decision)
    {
        var credit = decision.Feature!.Credit!;
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{decision.Feature.Key} may cost {MoneyText.Of(credit.PriceOf(decision.Units))} {credit.Currency}, and "
            + $"{MoneyText.Of(Math.Max(0, decision.Credit.Remaining))} of prepaid credit is left.");
    }

    private static string RateDetail(in Decision decision)
    {
        var terms = decision.Rate.Limiter!.Terms;
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{decision.Feature!.Key} admits {terms.Limit} per {terms.WindowSeconds} s in bursts of {terms.Burst}; "
            + $"{decision.Rate.Remaining} are left, {decision.Units} were asked for.");
    }

    private static string QuotaDetail(in Decision decision)
    {
        var quota = decision.Quota;
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{decision.Feature!.Key} asks for {decision.Units} of a quota of {quota.Limit} of which {Math.Max(0, quota.Remaining)} are left "
            + $"until {Reset(decision)}.");
    }

    private static string Reset(in Decision decision) => decision.Quota.Known ? InstantConverter.Format(decision.Quota.PeriodEnd) : "the period ends";

    public static Denial UsageNotTaken(string reason) =>
        Plain(StatusCodes.Status503ServiceUnavailable, "not-available", "The usage can not be taken now", reason);

    private static Denial TooMany(string title, string reason, string level) =>
        new(StatusCodes.Status429TooManyRequests, QuotaExceeded, title, reason, level);

    private static Denial TooLarge(string reason, string level) =>
        new(StatusCodes.Status413PayloadTooLarge, Metering + "too-large", "The request is too large", reason, level);

    private static Denial Forbidden(string reason, string level) =>
        new(StatusCodes.Status403Forbidden, Metering + "forbidden", "The request is not allowed", reason, level);

    private static Denial Undecided(string reason, string? level) =>
        new(StatusCodes.Status503ServiceUnavailable, Metering + "not-available", "The request can not be decided now", reason, level);
}
