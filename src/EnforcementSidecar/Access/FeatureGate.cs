using System.Collections.Immutable;
using Metering.Contracts.Sidecar;
using Metering.EnforcementSidecar.Concurrency;
using Metering.EnforcementSidecar.Credits;
using Metering.EnforcementSidecar.Leases;
using Metering.EnforcementSidecar.Rates;
using NodaTime;

namespace Metering.EnforcementSidecar.Access;

/// <summary>
/// One feature of one customer, ready to be decided: terms that it shares with others and that never change, limiters and an account that count.
/// </summary>
internal sealed class FeatureGate
{
    private readonly FeatureTerms terms;
    private readonly LeaseBroker broker;
    private readonly CompactId entitlement;
    private readonly long activeFrom;
    private readonly long activeTo;
    private QuotaTerms? quota;
    private LeaseAccount? account;
    private PolicyText? policy;

    private FeatureGate(in FeatureGrant grant, RateLimiter[] limiters, SlotTable? slots, LeaseBroker broker)
    {
        terms = grant.Terms;
        entitlement = grant.Entitlement;
        activeFrom = grant.ActiveFrom;
        activeTo = grant.ActiveTo;
        Limiters = limiters;
        Slots = slots;
        this.broker = broker;
        Credit = terms.Credit is { } credit ? new FeatureCredit(credit, broker) : null;
    }

    public string Key => terms.Key;

    public string? EventType => terms.EventType;

    /// <summary>Written out for the customers that are asked about.</summary>
    public QuotaTerms? Quota => quota ??= terms.Quota is null ? null : terms.Quota with { EntitlementId = entitlement.ToString() };

    /// <summary>How calls of a model are reserved; null when requests say themselves how many units they take.</summary>
    public ReservationTerms? Reservation => terms.Reservation;

    /// <summary>Null when requests are not paid for by prepaid credit.</summary>
    public FeatureCredit? Credit { get; }

    public RateLimiter[] Limiters { get; }

    public ConcurrencyTerms? Concurrency => terms.Concurrency;

    /// <summary>Null when the requests in flight are not limited.</summary>
    public SlotTable? Slots { get; }

    public SizeTerms? BodySize => terms.BodySize;

    public SizeTerms? PromptSize => terms.PromptSize;

    /// <summary>Only when there is a <see cref="Quota"/>.</summary>
    public LeaseAccount Account => account ??= broker.AccountOf(Quota!.EntitlementId);

    /// <summary>Quoted as RateLimit headers want it.</summary>
    public string QuotaPolicyName => terms.QuotaPolicyName;

    /// <summary>Quoted as RateLimit headers want it.</summary>
    public string SlotPolicyName => terms.SlotPolicyName;

    /// <summary>What RateLimit-Policy says; kept because it only changes with the period.</summary>
    public PolicyText? Policy
    {
        get => Volatile.Read(ref policy);
        set => Volatile.Write(ref policy, value);
    }

    public bool IsActive(Instant now) => now.ToUnixTimeTicks() is var ticks && ticks >= activeFrom && ticks < activeTo;

    /// <summary>Carries on where the limiter of the same window stood: a plan change is not a fresh burst.</summary>
    public static FeatureGate Compile(in FeatureGrant grant, FeatureGate? previous, LeaseBroker broker)
    {
        var rates = grant.Terms.RateLimits;
        var limiters = rates.IsEmpty ? [] : new RateLimiter[rates.Length];
        for (var i = 0; i < limiters.Length; i++)
        {
            limiters[i] = Continue(rates, i, previous);
        }

        return new FeatureGate(grant, limiters, Continue(grant.Terms.Concurrency, previous), broker);
    }

    /// <summary>One name per window, quoted as RateLimit headers want it.</summary>
    public string RatePolicyName(RateLimiter limiter) => terms.RatePolicyName(limiter.Terms.WindowSeconds);

    /// <summary>Quoted as RateLimit headers want it.</summary>
    public string PolicyName(string suffix) => terms.PolicyName(suffix);

    private static RateLimiter Continue(ImmutableArray<RateLimitTerms> all, int at, FeatureGate? previous)
    {
        var occurrence = 0;
        for (var i = 0; i < at; i++)
        {
            occurrence += all[i].WindowSeconds == all[at].WindowSeconds ? 1 : 0;
        }

        var limiter = previous is null
            ? null
            : Array.Find(previous.Limiters, known => known.Terms.WindowSeconds == all[at].WindowSeconds && known.Occurrence == occurrence);
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

    /// <param name="PeriodEnd">Of the quota period that the text was written for.</param>
    internal sealed record PolicyText(Instant PeriodEnd, string Text);
}
