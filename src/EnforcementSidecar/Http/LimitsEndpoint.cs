using System.Text.Json;
using Metering.Contracts.Sidecar;
using Metering.EnforcementSidecar.Access;
using Metering.EnforcementSidecar.Credits;
using Metering.EnforcementSidecar.Deciding;
using Metering.EnforcementSidecar.Json;
using Metering.EnforcementSidecar.Leases;
using Metering.EnforcementSidecar.Shares;
using Metering.EnforcementSidecar.Time;
using NodaTime;

namespace Metering.EnforcementSidecar.Http;

/// <summary><c>GET /v1/limits</c>: what the customer of this key may still do, for agents that plan. Burns nothing.</summary>
internal sealed class LimitsEndpoint(AccessState access, ProductTime time, ShareDialogue shares, TimeProvider monotonic)
{
    private const long NanosecondsPerTick = 100;

    public async Task HandleAsync(HttpContext context)
    {
        if (!HttpMethods.IsGet(context.Request.Method))
        {
            await ProblemAnswer.WriteAsync(context, Denial.MethodNotAllowed, "Use GET.");
            return;
        }

        var directory = access.Current;
        var (customer, restriction) = directory?.Find(Credential.Of(context.Request.Headers)) ?? default;
        var isExpired = restriction?.IsExpired(time.Now) == true;
        if (customer is null || customer.Status != CustomerStatus.Active || restriction?.IsSuspended == true || isExpired)
        {
            var outcome = directory is null ? DecisionOutcome.NotReady
                : customer is null ? DecisionOutcome.UnknownCredential
                : isExpired ? DecisionOutcome.CredentialExpired
                : DecisionOutcome.CustomerSuspended;
            var refusal = new Decision(outcome, customer, null, 0, time.Now, default, default, default);
            await ProblemAnswer.WriteAsync(context, Denial.Of(outcome), refusal, RateLimitHeaders.RetryAfterSeconds(refusal));
            return;
        }

        var now = time.Now;
        var active = customer.Features.Where(feature => feature.IsActive(now) && restriction?.Admits(feature.Key) != false).ToList();
        var asked = active.SelectMany(feature => Unknown(customer, feature, now)).Select(answer => LearnAsync(answer, context.RequestAborted));
        await Task.WhenAll(asked);
        await JsonAnswer.WriteAsync(context, StatusCodes.Status200OK, json => Write(json, customer, active, time.Now));
    }

    /// <summary>Only Host knows what is left of a quota or credit not used here yet, and whether a share of the other limits is to be had.</summary>
    private IEnumerable<Task> Unknown(CustomerEntry customer, FeatureGate feature, Instant now)
    {
        if (feature.Quota is not null && !feature.Account.StateAt(feature.Quota, now).Known)
        {
            yield return feature.Account.AcquireAsync(0, feature.Quota);
        }

        if (feature.Credit is { } credit && !credit.StateAt(now).Known)
        {
            yield return credit.AcquireAsync(0);
        }

        var timestamp = monotonic.GetTimestamp();
        var lacking = feature.Limiters.Where(limiter => !limiter.HasShare(timestamp)).Cast<LocalLimit>();
        foreach (var limit in feature.Slots?.HasShare(timestamp) == false ? lacking.Append(feature.Slots) : lacking)
        {
            if (shares.AccountOf(customer.Id, feature.Key, limit) is { } account)
            {
                yield return account.AskAsync(1);
            }
        }
    }

    private Task LearnAsync(Task answer, CancellationToken cancellationToken) =>
        Awaited(answer.WaitAsync(DecisionEngine.MaxWait, monotonic, cancellationToken));

    private static async Task Awaited(Task answer) => await answer.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

    private void Write(Utf8JsonWriter json, CustomerEntry customer, List<FeatureGate> features, Instant now)
    {
        json.WriteString("customerId", customer.Id);
        json.WriteStartArray("features");
        foreach (var feature in features)
        {
            json.WriteStartObject();
            json.WriteString("feature", feature.Key);
            if (feature.Quota is { } quota)
            {
                WriteQuota(json, quota, feature.Account.StateAt(quota, now));
            }

            if (feature.Credit is { } credit)
            {
                WriteCredit(json, credit, credit.StateAt(now));
            }

            json.WriteStartArray("rateLimits");
            foreach (var limiter in feature.Limiters)
            {
                var state = limiter.Peek(now.ToUnixTimeTicks() * NanosecondsPerTick);
                json.WriteStartObject();
                json.WriteNumber("limit", limiter.Terms.Limit);
                json.WriteNumber("windowSeconds", limiter.Terms.WindowSeconds);
                json.WriteNumber("burst", limiter.Terms.Burst);
                WriteRemaining(json, limiter.HasShare(monotonic.GetTimestamp()), state.Remaining);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            WriteRequestLimits(json, feature);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void WriteCredit(Utf8JsonWriter json, FeatureCredit credit, QuotaState state)
    {
        json.WriteStartObject("credit");
        json.WriteString("currency", credit.Currency);
        json.WriteString("limit", MoneyText.Of(credit.Limit));
        if (state.Known)
        {
            json.WriteString("remaining", MoneyText.Of(state.Remaining));
        }
        else
        {
            json.WriteNull("remaining");
        }

        json.WriteEndObject();
    }

    private void WriteRequestLimits(Utf8JsonWriter json, FeatureGate feature)
    {
        if (feature is { Concurrency: { } concurrency, Slots: { } slots })
        {
            json.WriteStartObject("concurrency");
            json.WriteNumber("limit", concurrency.Limit);
            var timestamp = monotonic.GetTimestamp();
            WriteRemaining(json, slots.HasShare(timestamp), slots.RemainingAt(timestamp));
            json.WriteNumber("maxSeconds", concurrency.MaxSeconds);
            json.WriteEndObject();
        }

        WriteSize(json, "bodySize", "maxBytes", feature.BodySize);
        WriteSize(json, "promptSize", "maxTokens", feature.PromptSize);
    }

    /// <summary>As far as this sidecar can tell. Without a share it is not zero but unknown.</summary>
    private static void WriteRemaining(Utf8JsonWriter json, bool isKnown, long remaining)
    {
        if (isKnown)
        {
            json.WriteNumber("remaining", remaining);
        }
        else
        {
            json.WriteNull("remaining");
        }
    }

    private static void WriteSize(Utf8JsonWriter json, string name, string max, SizeTerms? terms)
    {
        if (terms is not null)
        {
            json.WriteStartObject(name);
            json.WriteNumber(max, terms.Max);
            json.WriteString("whenUnknown", terms.PassWhenUnknown ? "pass" : "refuse");
            json.WriteEndObject();
        }
    }

    /// <summary>What is left is null when the server could not be asked: unknown is not zero.</summary>
    private static void WriteQuota(Utf8JsonWriter json, QuotaTerms quota, QuotaState state)
    {
        json.WriteStartObject("quota");
        json.WriteString("class", quota.LimitClass == LimitClass.Hard ? "hard" : "soft");
        json.WriteNumber("limit", quota.Limit);
        json.WriteString("period", quota.Period);
        if (state.Known)
        {
            json.WriteNumber("remaining", state.Remaining);
            json.WriteString("resetsAt", InstantConverter.Format(state.PeriodEnd));
        }
        else
        {
            json.WriteNull("remaining");
            json.WriteNull("resetsAt");
        }

        json.WriteEndObject();
    }
}
