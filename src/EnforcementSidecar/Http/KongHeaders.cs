using System.Globalization;
using Metering.EnforcementSidecar.Deciding;

namespace Metering.EnforcementSidecar.Http;

/// <summary>
/// The headers of Kong's rate limiting plugins, for clients that read those: a pair for each window, and three for the limit that denied
/// or else is nearest. Of several rate limits the tightest one is told, as in <see cref="RateLimitHeaders"/>.
/// </summary>
internal static class KongHeaders
{
    private const string LimitPrefix = "X-Ratelimit-Limit-";
    private const string RemainingPrefix = "X-Ratelimit-Remaining-";

    public static void Write(IHeaderDictionary headers, in Decision decision)
    {
        var rate = RateOf(decision);
        var quota = QuotaOf(decision);
        if (rate is { } window)
        {
            WriteWindow(headers, window);
        }

        if (quota is { } period)
        {
            WriteWindow(headers, period);
        }

        if (Nearest(rate, quota, decision.Outcome) is { } nearest)
        {
            headers[HeaderNames.KongLimit] = Text(nearest.Limit);
            headers[HeaderNames.KongRemaining] = Text(nearest.Remaining);
            headers[HeaderNames.KongReset] = Text(RateLimitHeaders.RetryAfterSeconds(decision) ?? nearest.ResetSeconds);
        }
    }

    private static Window? Nearest(Window? rate, Window? quota, DecisionOutcome outcome) =>
        rate is null || quota is null ? rate ?? quota
        : outcome == DecisionOutcome.QuotaExhausted || (outcome != DecisionOutcome.RateLimited && quota.Value.Remaining < rate.Value.Remaining)
            ? quota : rate;

    private static Window? RateOf(in Decision decision)
    {
        if (decision.Rate.Limiter is not { } limiter)
        {
            return null;
        }

        var name = limiter.Terms.WindowSeconds switch
        {
            1 => "Second",
            60 => "Minute",
            3_600 => "Hour",
            86_400 => "Day",
            var seconds => Text(seconds),
        };
        var reset = RateLimitHeaders.CeilingSeconds(decision.Rate.FullInNanoseconds);
        return new Window(name, limiter.Terms.Limit, decision.Rate.Remaining, reset);
    }

    private static Window? QuotaOf(in Decision decision)
    {
        var quota = decision.Quota;
        if (!quota.Known || decision.Feature is not { } feature)
        {
            return null;
        }

        var name = feature.Quota?.Period switch
        {
            "PT1H" => "Hour",
            "P1D" => "Day",
            "P1M" => "Month",
            "P1Y" => "Year",
            _ => Text(RateLimitHeaders.SecondsUntil(quota.PeriodEnd, quota.PeriodStart)),
        };
        var reset = RateLimitHeaders.SecondsUntil(quota.PeriodEnd, decision.At);
        return new Window(name, quota.Limit, Math.Max(0, quota.Remaining), reset);
    }

    /// <summary>A rate and a quota of one length share a name: the one with less left is told.</summary>
    private static void WriteWindow(IHeaderDictionary headers, in Window window)
    {
        var remaining = headers[RemainingPrefix + window.Name];
        if (remaining.Count == 0 || long.Parse(remaining.ToString(), CultureInfo.InvariantCulture) > window.Remaining)
        {
            headers[LimitPrefix + window.Name] = Text(window.Limit);
            headers[RemainingPrefix + window.Name] = Text(window.Remaining);
        }
    }

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);

    private readonly record struct Window(string Name, long Limit, long Remaining, long ResetSeconds);
}
