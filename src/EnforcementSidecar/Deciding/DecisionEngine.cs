using System.Diagnostics.CodeAnalysis;
using Metering.Contracts.Sidecar;
using Metering.EnforcementSidecar.Access;
using Metering.EnforcementSidecar.Concurrency;
using Metering.EnforcementSidecar.Identifiers;
using Metering.EnforcementSidecar.Leases;
using Metering.EnforcementSidecar.Rates;
using Metering.EnforcementSidecar.Shares;
using Metering.EnforcementSidecar.Time;
using NodaTime;

namespace Metering.EnforcementSidecar.Deciding;

/// <summary>
/// identity → status → scope of the key → feature → size → requests in flight → rates → quota → credit, all or nothing. What is leased comes
/// last because all before it can be undone at once, while a spent unit of a lease can not: what was reported as spent must never fall.
/// </summary>
internal sealed partial class DecisionEngine(AccessState access, ProductTime time, ShareDialogue shares, TimeProvider monotonic)
{
    /// <summary>How long a request may wait for Host before it is told that nobody could decide.</summary>
    public static readonly TimeSpan MaxWait = TimeSpan.FromSeconds(1);
    private const long NanosecondsPerTick = 100;

    /// <summary>Everything up to what is counted; these can be asked again without burning anything.</summary>
    public bool TryIdentify(
        ReadOnlySpan<char> key, ReadOnlySpan<char> featureKey, long units, RequestSize size, Instant now,
        out Decision refusal, out Identity identity, [NotNullWhen(true)] out FeatureGate? feature)
    {
        var directory = access.Current;
        identity = directory?.Find(key) ?? default;
        var (customer, restriction) = identity;
        feature = customer?.Find(featureKey);
        DecisionOutcome? outcome = directory is null ? DecisionOutcome.NotReady
            : customer is null ? DecisionOutcome.UnknownCredential
            : restriction?.IsExpired(now) == true ? DecisionOutcome.CredentialExpired
            : customer.Status == CustomerStatus.Suspended || restriction?.IsSuspended == true ? DecisionOutcome.CustomerSuspended
            : restriction?.Admits(featureKey) == false ? DecisionOutcome.FeatureOutOfScope
            : feature is null || !feature.IsActive(now) ? DecisionOutcome.FeatureNotEntitled
            : RefusedBySize(feature, size);
        refusal = outcome is { } refused
            ? new Decision(refused, customer, feature, units, now, default, default, default) { Size = size }
            : default;
        return outcome is null;
    }

    /// <summary>The limits, from memory if that is enough.</summary>
    public ValueTask<Decision> DecideAsync(CustomerEntry customer, FeatureGate feature, long units, CancellationToken cancellationToken) =>
        TryDecide(customer, feature, units, time.Now, out var decision)
            ? ValueTask.FromResult(decision)
            : new ValueTask<Decision>(AskAndDecideAsync(customer, feature, units, cancellationToken));

    /// <summary>Takes from all limits or from none.</summary>
    /// <returns>False when only Host can tell; nothing is taken then.</returns>
    public bool TryDecide(CustomerEntry customer, FeatureGate feature, long units, Instant now, out Decision decision) =>
        TryDecide(customer, feature, units, now, out decision, out _);

    /// <param name="lacking">Of what a share is lacking when only Host can tell; null when it is units of the quota.</param>
    private bool TryDecide(
        CustomerEntry customer, FeatureGate feature, long units, Instant now, out Decision decision, out LocalLimit? lacking)
    {
        if (!TryHold(customer, feature, units, now, out var held, out decision, out lacking))
        {
            return lacking is null;
        }

        if (feature.Credit is not null)
        {
            return TryPay(customer, feature, held, now, out decision);
        }

        if (feature.Quota is not { } terms)
        {
            decision = Allowed(customer, held, now, default);
            return true;
        }

        var account = feature.Account;
        var spent = account.TrySpend(units, terms, now);
        if (spent == SpendOutcome.Spent)
        {
            decision = Allowed(customer, held, now, account.StateAt(terms, now));
            return true;
        }

        return TryRefuse(customer, spent, held, now, out decision);
    }

    /// <returns>False when only Host can tell.</returns>
    private static bool TryRefuse(CustomerEntry customer, SpendOutcome spent, in Held held, Instant now, out Decision decision)
    {
        var (feature, units, account, terms) = (held.Feature, held.Units, held.Feature.Account, held.Feature.Quota!);
        held.GiveBack();
        var rate = held.Rate.Limiter?.Peek(NanosecondsOf(now)) ?? default;
        decision = spent == SpendOutcome.Exhausted
            ? new Decision(DecisionOutcome.QuotaExhausted, customer, feature, units, now, default, rate, account.StateAt(terms, now))
            : default;
        return spent == SpendOutcome.Exhausted;
    }

    /// <summary>Takes what can be given back: a slot and of every rate, or nothing.</summary>
    /// <param name="lacking">Of what a share is lacking; then there is no refusal either.</param>
    private bool TryHold(
        CustomerEntry customer, FeatureGate feature, long units, Instant now, out Held held, out Decision refusal, out LocalLimit? lacking)
    {
        var seen = RateLimiter.ChangesOf(feature.Limiters);
        var id = Ulid.New(now);
        (held, refusal, lacking) = (default, default, null);
        var taken = TryTakeSlot(feature, id, out var slots);
        if (taken != TakeOutcome.Taken)
        {
            lacking = taken == TakeOutcome.NeedsShare ? feature.Slots : null;
            refusal = new Decision(DecisionOutcome.ConcurrencyExhausted, customer, feature, units, now, default, default, default) { Slots = slots };
            return false;
        }

        taken = TryTakeRates(feature.Limiters, Held.RatedUnits(feature, units), now, seen, out var rate);
        if (taken != TakeOutcome.Taken)
        {
            feature.Slots?.Release(id);
            lacking = taken == TakeOutcome.NeedsShare ? rate.Limiter : null;
            refusal = new Decision(DecisionOutcome.RateLimited, customer, feature, units, now, default, rate, default);
            return false;
        }

        held = new Held(feature, id, units, seen, rate, slots);
        return true;
    }

    private static Decision Allowed(CustomerEntry customer, in Held held, Instant now, QuotaState quota) =>
        new(DecisionOutcome.Allowed, customer, held.Feature, held.Units, now, held.ReservationId, held.Rate, quota) { Slots = held.Slots };

    private static DecisionOutcome? RefusedBySize(FeatureGate feature, in RequestSize size) =>
        IsRefused(feature.BodySize, size.BodyBytes)
            ? size.BodyBytes is null ? DecisionOutcome.RequestSizeUnknown : DecisionOutcome.RequestTooLarge
        : IsRefused(feature.PromptSize, size.PromptTokens)
            ? size.PromptTokens is null ? DecisionOutcome.PromptSizeUnknown : DecisionOutcome.PromptTooLarge
        : null;

    private static bool IsRefused(SizeTerms? terms, long? size) =>
        terms is not null && (size is { } known ? known > terms.Max : !terms.PassWhenUnknown);

    private TakeOutcome TryTakeSlot(FeatureGate feature, UInt128 id, out SlotState state)
    {
        if (feature.Slots is not { } slots)
        {
            state = default;
            return TakeOutcome.Taken;
        }

        var terms = feature.Concurrency!;
        var now = monotonic.GetTimestamp();
        var deadline = now + (terms.MaxSeconds * monotonic.TimestampFrequency);
        var taken = slots.TryTake(id, now, deadline, out var remaining, out var freeAt);
        var freeIn = freeAt == SlotTable.Never ? RateState.Never : (long)monotonic.GetElapsedTime(now, freeAt).TotalNanoseconds;
        state = new SlotState(terms.Limit, remaining, freeIn);
        return taken;
    }

    /// <summary>Asks Host for what is missing, as often as it takes while there is time.</summary>
    public async Task<Decision> AskAndDecideAsync(CustomerEntry customer, FeatureGate feature, long units, CancellationToken cancellationToken)
    {
        var started = monotonic.GetTimestamp();
        if (feature.Credit is not null)
        {
            return await AskAndPayAsync(customer, feature, units, started, cancellationToken);
        }

        while (true)
        {
            var now = time.Now;
            if (TryDecide(customer, feature, units, now, out var decision, out var lacking))
            {
                return decision;
            }

            var outcome = lacking is null
                ? await AskHostAsync(feature, units, started, cancellationToken)
                : await AskForShareAsync(customer, feature, lacking, units, started, cancellationToken);
            if (outcome != AcquireOutcome.Answered)
            {
                return Undecided(customer, feature, units, lacking, outcome);
            }
        }
    }

    private Decision Undecided(CustomerEntry customer, FeatureGate feature, long units, LocalLimit? lacking, AcquireOutcome outcome)
    {
        var now = time.Now;
        return lacking is not null
            ? new Decision(DecisionOutcome.ShareUndecided, customer, feature, units, now, default, default, default)
            : new Decision(UndecidedAfter(outcome), customer, feature, units, now, default, default, feature.Account.StateAt(feature.Quota!, now));
    }

    private async Task<AcquireOutcome> AskForShareAsync(
        CustomerEntry customer, FeatureGate feature, LocalLimit lacking, long units, long started, CancellationToken cancellationToken)
    {
        var left = MaxWait - monotonic.GetElapsedTime(started);
        if (left <= TimeSpan.Zero || shares.AccountOf(customer.Id, feature.Key, lacking) is not { } account)
        {
            return AcquireOutcome.Unavailable;
        }

        try
        {
            var wanted = lacking == feature.Slots ? 1 : Held.RatedUnits(feature, units);
            return await account.AskAsync(wanted).WaitAsync(left, monotonic, cancellationToken);
        }
        catch (TimeoutException)
        {
            return AcquireOutcome.Unavailable;
        }
    }

    /// <param name="started">When the request began to wait; it waits no longer than <see cref="MaxWait"/> altogether.</param>
    private Task<AcquireOutcome> AskHostAsync(FeatureGate feature, long units, long started, CancellationToken cancellationToken) =>
        WaitAsync(() => feature.Account.AcquireAsync(units, feature.Quota!), started, cancellationToken);

    private async Task<AcquireOutcome> WaitAsync(Func<Task<AcquireOutcome>> ask, long started, CancellationToken cancellationToken)
    {
        var left = MaxWait - monotonic.GetElapsedTime(started);
        if (left <= TimeSpan.Zero)
        {
            return AcquireOutcome.Unavailable;
        }

        try
        {
            return await ask().WaitAsync(left, monotonic, cancellationToken);
        }
        catch (TimeoutException)
        {
            return AcquireOutcome.Unavailable;
        }
    }

    private static DecisionOutcome UndecidedAfter(AcquireOutcome outcome) =>
        outcome == AcquireOutcome.UnknownEntitlement ? DecisionOutcome.QuotaUnknown : DecisionOutcome.QuotaUndecided;

    private TakeOutcome TryTakeRates(RateLimiter[] limiters, long units, Instant now, long seen, out RateState tightest)
    {
        tightest = default;
        var nanoseconds = NanosecondsOf(now);
        for (var i = 0; i < limiters.Length; i++)
        {
            var taken = limiters[i].TryTake(units, nanoseconds, monotonic, out var state);
            if (taken != TakeOutcome.Taken)
            {
                RateLimiter.GiveBack(limiters, i, units, seen);
                tightest = state;
                return taken;
            }

            tightest = tightest.Limiter is null || state.Remaining < tightest.Remaining ? state : tightest;
        }

        return TakeOutcome.Taken;
    }

    private static long NanosecondsOf(Instant now) => now.ToUnixTimeTicks() * NanosecondsPerTick;
}
