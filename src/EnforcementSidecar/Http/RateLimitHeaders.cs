using System.Globalization;
using System.Text;
using Metering.EnforcementSidecar.Access;
using Metering.EnforcementSidecar.Credits;
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
        if (decision.Feature is not { } feature || (feature.Limiters.Length == 0 && feature.Slots is null && !decision.Quota.Known))
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
        DecisionOutcome.ConcurrencyExhausted or DecisionOutcome.ShareUndecided => 1,
        DecisionOutcome.QuotaExhausted or DecisionOutcome.NotReady or DecisionOutcome.QuotaUndecided or DecisionOutcome.QuotaUnknown
            or DecisionOutcome.CreditUndecided or DecisionOutcome.CreditUnknown => 1,
        _ => null,
    };

    /// <summary><c>"policy";level=rate;limit=5;remaining=0;reset=12</c>: the same of every class of limit, also where no body can say it.</summary>
    public static string Told(in DeniedLimit limit, string? level, Instant now)
    {
        var reset = limit.ResetsAt is { } at ? string.Create(CultureInfo.InvariantCulture, $";reset={SecondsUntil(at, now)}") : "";
        return limit.Currency is { } currency
            ? $"{limit.Policy};level={level};limit={MoneyText.Of(limit.Limit)};remaining={MoneyText.Of(limit.Remaining)};currency={currency}"
            : string.Create(CultureInfo.InvariantCulture, $"{limit.Policy};level={level};limit={limit.Limit};remaining={limit.Remaining}{reset}");
    }

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
        if (feature.Concurrency is { } slots)
        {
            text.Append(CultureInfo.InvariantCulture, $"{feature.SlotPolicyName};q={slots.Limit};qu=\"concurrent-requests\"");
        }

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
        var (slots, rate, quota) = (decision.Slots, decision.Rate, decision.Quota);
        var slotText = slots.Limit > 0 ? string.Create(CultureInfo.InvariantCulture, $"{feature.SlotPolicyName};r={slots.Remaining}") : "";
        var rateText = rate.Limiter is null ? "" : string.Create(
            CultureInfo.InvariantCulture,
            $"{feature.RatePolicyName(rate.Limiter)};r={rate.Remaining};t={CeilingSeconds(rate.FullInNanoseconds)}");
        var quotaText = !quota.Known ? "" : string.Create(
            CultureInfo.InvariantCulture,
            $"{feature.QuotaPolicyName};r={Math.Max(0, quota.Remaining)};t={SecondsUntil(quota.PeriodEnd, decision.At)}");
        return Joined(Joined(slotText, rateText), quotaText);
    }

    private static string Joined(string one, string other) => one.Length == 0 ? other : other.Length == 0 ? one : $"{one}, {other}";

    private static StringBuilder Separate(StringBuilder text) => text.Length > 0 ? text.Append(", ") : text;
}
