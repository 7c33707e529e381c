using System.Globalization;
using System.Text;
using Metering.EnforcementSidecar.Access;
using Metering.EnforcementSidecar.Deciding;
using Metering.EnforcementSidecar.Rates;
using NodaTime;

namespace Metering.EnforcementSidecar.Http;

/// <summary>
/// What is left, in the words that the operator chose; RateLimit and RateLimit-Policy as in draft-ietf-httpapi-ratelimit-headers-10.
/// </summary>
internal static class RateLimitHeaders
{
    private const long NanosecondsPerSecond = 1_000_000_000;

    public static void Write(IHeaderDictionary headers, in Decision decision, AnswerDialect dialect)
    {
        if (dialect.SpeaksIetf)
        {
            Write(headers, decision);
        }

        if (dialect.SpeaksKong)
        {
            KongHeaders.Write(headers, decision);
        }
    }

    private static void Write(IHeaderDictionary headers, in Decision decision)
    {
        if (decision.Feature is not { } feature || (feature.Limiters.Length == 0 && !decision.Quota.Known))
        {
            return;
        }

        headers[HeaderNames.RateLimitPolicy] = PolicyOf(feature, decision);
        if (StateOf(feature, decision) is { Length: > 0 } state)
        {
            headers[HeaderNames.RateLimit] = state;
        }
    }

    /// <summary>Whole seconds, at least 1; null when waiting does not help.</summary>
    public static long? RetryAfterSeconds(in Decision decision) => decision.Outcome switch
    {
        DecisionOutcome.RateLimited when decision.Rate.RetryAfterNanoseconds == RateState.Never => null,
        DecisionOutcome.RateLimited => Math.Max(1, CeilingSeconds(decision.Rate.RetryAfterNanoseconds)),
        DecisionOutcome.QuotaExhausted when decision.Quota.Known => Math.Max(1, SecondsUntil(decision.Quota.PeriodEnd, decision.At)),
        DecisionOutcome.QuotaExhausted or DecisionOutcome.NotReady or DecisionOutcome.QuotaUndecided or DecisionOutcome.QuotaUnknown => 1,
        _ => null,
    };

    public static long SecondsUntil(Instant end, Instant now) =>
        Math.Max(0, ((end - now).BclCompatibleTicks + NodaConstants.TicksPerSecond - 1) / NodaConstants.TicksPerSecond);

    public static long CeilingSeconds(long nanoseconds) => (nanoseconds + NanosecondsPerSecond - 1) / NanosecondsPerSecond;

    private static string PolicyOf(FeatureGate feature, in Decision decision)
    {
        var periodEnd = decision.Quota.Known ? decision.Quota.PeriodEnd : Instant.MinValue;
        if (feature.Policy is { } known && known.PeriodEnd == periodEnd)
        {
            return known.Text;
        }

        var text = new StringBuilder();
        foreach (var limiter in feature.Limiters)
        {
            var terms = limiter.Terms;
            Separate(text).Append(CultureInfo.InvariantCulture, $"{feature.RatePolicyName(limiter)};q={terms.Limit};w={terms.WindowSeconds}");
        }

        if (decision.Quota.Known)
        {
            var window = SecondsUntil(decision.Quota.PeriodEnd, decision.Quota.PeriodStart);
            Separate(text).Append(CultureInfo.InvariantCulture, $"{feature.QuotaPolicyName};q={decision.Quota.Limit};w={window}");
        }

        var policy = new FeatureGate.PolicyText(periodEnd, text.ToString());
        feature.Policy = policy;
        return policy.Text;
    }

    private static string StateOf(FeatureGate feature, in Decision decision)
    {
        var rate = decision.Rate;
        var quota = decision.Quota;
        var left = Math.Max(0, quota.Remaining);
        var quotaText = quota.Known
            ? string.Create(CultureInfo.InvariantCulture, $"{feature.QuotaPolicyName};r={left};t={SecondsUntil(quota.PeriodEnd, decision.At)}")
            : "";
        if (rate.Limiter is null)
        {
            return quotaText;
        }

        var separator = quotaText.Length > 0 ? ", " : "";
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{feature.RatePolicyName(rate.Limiter)};r={rate.Remaining};t={CeilingSeconds(rate.FullInNanoseconds)}{separator}{quotaText}");
    }

    private static StringBuilder Separate(StringBuilder text) => text.Length > 0 ? text.Append(", ") : text;
}
