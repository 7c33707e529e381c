using System.Collections.Immutable;
using Metering.Contracts.Sidecar;
using Metering.EnforcementSidecar.Concurrency;
using Metering.EnforcementSidecar.Leases;
using Metering.EnforcementSidecar.Rates;
using NodaTime;

namespace Metering.EnforcementSidecar.Access;

/// <summary>One feature of one customer, ready to be decided: terms that never change, limiters and an account that count.</summary>
internal sealed class FeatureGate(FeatureAccess access, RateLimiter[] limiters, SlotTable? slots, LeaseBroker broker)
{
    private readonly Instant activeTo = access.ActiveTo ?? Instant.MaxValue;
    private LeaseAccount? account;
    private string? quotaPolicyName;
    private string? slotPolicyName;
    private PolicyText? policy;

    public string Key => access.FeatureKey;

    public string? EventType => access.EventType;

    public QuotaTerms? Quota => access.Quota;

    /// <summary>How calls of a model are reserved; null when requests say themselves how many units they take.</summary>
    public ReservationTerms? Reservation => access.Reservation;

    public RateLimiter[] Limiters => limiters;

    public ConcurrencyTerms? Concurrency => access.Concurrency;

    /// <summary>Null when the requests in flight are not limited.</summary>
    public SlotTable? Slots => slots;

    public SizeTerms? BodySize => access.BodySize;

    public SizeTerms? PromptSize => access.PromptSize;

    /// <summary>Only when there is a <see cref="Quota"/>.</summary>
    public LeaseAccount Account => account ??= broker.AccountOf(access.Quota!.EntitlementId);

    /// <summary>Quoted as RateLimit headers want it.</summary>
    public string QuotaPolicyName => quotaPolicyName ??= PolicyName("quota");

    /// <summary>Quoted as RateLimit headers want it.</summary>
    public string SlotPolicyName => slotPolicyName ??= PolicyName("concurrency");

    /// <summary>What RateLimit-Policy says; kept because it only changes with the period.</summary>
    public PolicyText? Policy
    {
        get => Volatile.Read(ref policy);
        set => Volatile.Write(ref policy, value);
    }

    public bool IsActive(Instant now) => now >= access.ActiveFrom && now < activeTo;

    /// <summary>Carries on where the limiter of the same window stood: a plan change is not a fresh burst.</summary>
    public static FeatureGate Compile(FeatureAccess access, FeatureGate? previous, LeaseBroker broker)
    {
        var terms = access.RateLimits.IsDefault ? [] : access.RateLimits;
        var limiters = new RateLimiter[terms.Length];
        for (var i = 0; i < limiters.Length; i++)
        {
            limiters[i] = Continue(terms, i, previous);
        }

        return new FeatureGate(access, limiters, Continue(access.Concurrency, previous), broker);
    }

    private static RateLimiter Continue(ImmutableArray<RateLimitTerms> all, int at, FeatureGate? previous)
    {
        var occurrence = all.Take(at).Count(other => other.WindowSeconds == all[at].WindowSeconds);
        var limiter = previous?.Limiters.FirstOrDefault(
            before => before.Terms.WindowSeconds == all[at].WindowSeconds && before.Occurrence == occurrence);
        if (limiter is null)
        {
            return new RateLimiter(all[at], occurrence);
        }

        limiter.Terms = all[at];
        return limiter;
    }

    /// <summary>What is in flight stays in flight, whatever the limit is from now on.</summary>
    private static SlotTable? Continue(ConcurrencyTerms? terms, FeatureGate? previous)
    {
        if (terms is null || previous?.Slots is not { } slots)
        {
            return terms is null ? null : new SlotTable(terms);
        }

        slots.Terms = terms;
        return slots;
    }

    /// <summary>One name per window, quoted as RateLimit headers want it.</summary>
    public string RatePolicyName(RateLimiter limiter) => PolicyName($"rate-{limiter.Terms.WindowSeconds}s");

    /// <summary>Quoted as RateLimit headers want it.</summary>
    public string PolicyName(string suffix)
    {
        var key = Key.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal);
        return $"\"{key}-{suffix}\"";
    }

    /// <param name="PeriodEnd">Of the quota period that the text was written for.</param>
    internal sealed record PolicyText(Instant PeriodEnd, string Text);
}
