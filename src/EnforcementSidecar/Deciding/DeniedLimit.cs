using Metering.EnforcementSidecar.Access;
using Metering.EnforcementSidecar.Rates;
using NodaTime;

namespace Metering.EnforcementSidecar.Deciding;

/// <summary>The limit that denied a request, the same for every class of limit.</summary>
/// <param name="Policy">Names it, as RateLimit-Policy does; in quotes.</param>
/// <param name="Limit">How much there is.</param>
/// <param name="Remaining">What is left; of a size, all of it.</param>
/// <param name="ResetsAt">
/// When all of it is there again, or for requests in flight when one ends at the latest. Null when waiting does not help.
/// </param>
internal readonly record struct DeniedLimit(string Policy, long Limit, long Remaining, Instant? ResetsAt)
{
    /// <summary>Of a limit in money, which is then told in billionths; null of every other.</summary>
    public string? Currency { get; init; }

    private const long NanosecondsPerTick = 100;

    /// <summary>Null when no limit of the customer's denied it.</summary>
    public static DeniedLimit? Of(in Decision decision)
    {
        if (decision.Feature is not { } feature)
        {
            return null;
        }

        var (rate, quota, slots) = (decision.Rate, decision.Quota, decision.Slots);
        return decision.Outcome switch
        {
            DecisionOutcome.RequestTooLarge or DecisionOutcome.RequestSizeUnknown =>
                new DeniedLimit(feature.PolicyName("body"), feature.BodySize!.Max, feature.BodySize.Max, null),
            DecisionOutcome.PromptTooLarge or DecisionOutcome.PromptSizeUnknown =>
                new DeniedLimit(feature.PolicyName("prompt"), feature.PromptSize!.Max, feature.PromptSize.Max, null),
            DecisionOutcome.ConcurrencyExhausted =>
                new DeniedLimit(feature.SlotPolicyName, slots.Limit, slots.Remaining, After(decision.At, slots.FreeInNanoseconds)),
            DecisionOutcome.RateLimited => new DeniedLimit(
                feature.RatePolicyName(rate.Limiter!), rate.Limiter!.Terms.Limit, rate.Remaining, After(decision.At, rate.FullInNanoseconds)),
            DecisionOutcome.QuotaExhausted =>
                new DeniedLimit(feature.QuotaPolicyName, quota.Limit, Math.Max(0, quota.Remaining), quota.Known ? quota.PeriodEnd : null),
            DecisionOutcome.QuotaUndecided or DecisionOutcome.QuotaUnknown when quota.Known =>
                new DeniedLimit(feature.QuotaPolicyName, quota.Limit, Math.Max(0, quota.Remaining), quota.PeriodEnd),
            DecisionOutcome.CreditExhausted or DecisionOutcome.CreditUndecided or DecisionOutcome.CreditUnknown =>
                new DeniedLimit(feature.PolicyName("credit"), feature.Credit!.Limit, Math.Max(0, decision.Credit.Remaining), null)
                {
                    Currency = feature.Credit.Currency,
                },
            _ => null,
        };
    }

    private static Instant? After(Instant at, long nanoseconds) =>
        nanoseconds == RateState.Never ? null : at + Duration.FromTicks(nanoseconds / NanosecondsPerTick);
}
