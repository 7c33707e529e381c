using Metering.Contracts.Sidecar;
using Metering.EnforcementSidecar.Concurrency;
using Metering.EnforcementSidecar.Credits;
using Metering.EnforcementSidecar.Leases;
using Metering.EnforcementSidecar.Rates;
using NodaTime;

namespace Metering.EnforcementSidecar.Access;

/// <summary>One feature of one customer, ready to be decided: terms that never change, limiters and an account that count.</summary>
internal sealed class FeatureGate(FeatureAccess access, RateLimiter[] limiters, SlotTable? slots, LeaseBroker broker)
{
    private readonly Instant activeTo = access.ActiveTo ?? Instant.MaxValue;
    private readonly FeatureCredit? credit = access.Credit is { } terms ? new FeatureCredit(terms, broker) : null;
    private LeaseAccount? account;
    private string? quotaPolicyName;
    private string? slotPolicyName;
    private PolicyText? policy;

    public string Key => access.FeatureKey;

    public string? EventType => access.EventType;

    public QuotaTerms? Quota => access.Quota;

    /// <summary>How calls of a model are reserved; null when requests say themselves how many units they take.</summary>
    public ReservationTerms? Reservation => access.Reservation;

    /// <summary>Null when requests are not paid for by prepaid credit.</summary>
    public FeatureCredit? Credit => credit;

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
            var before = previous?.Limiters.FirstOrDefault(limiter => limiter.Terms.WindowSeconds == terms[i].WindowSeconds);
            limiters[i] = before is not null && before.Terms == terms[i] ? before : new RateLimiter(terms[i], before?.PaidUpAt ?? 0);
        }

        // What is in flight stays in flight, whatever the limit is from now on.
        var slots = access.Concurrency is null ? null : previous?.Slots ?? new SlotTable();
        return new FeatureGate(access, limiters, slots, broker);
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
