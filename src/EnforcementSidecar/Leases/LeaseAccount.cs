using Metering.Contracts.Sidecar;
using Metering.EnforcementSidecar.Time;
using NodaTime;

namespace Metering.EnforcementSidecar.Leases;

/// <summary>
/// What this sidecar holds of one entitlement. Spending reads a published array and swaps one counter, without a lock;
/// everything about asking Host is in the other half of the class, behind a gate.
/// </summary>
internal sealed partial class LeaseAccount(string entitlementId, LeaseDialogue dialogue, ProductTime time, TimeProvider monotonic)
{
    private Lease[] leases = [];
    private ExhaustedQuota? exhausted;
    private LeaseAnswer? lastAnswer;

    // Units admitted under a soft limit before a lease could cover them; paid from the next one.
    private long uncovered;

    public string EntitlementId => entitlementId;

    /// <summary>What may be spent from at this moment, in the order in which it is tried.</summary>
    public IReadOnlyList<Lease> Leases => Volatile.Read(ref leases);

    /// <summary>Spends from memory or says why not. Never waits.</summary>
    public SpendOutcome TrySpend(long units, QuotaTerms terms, Instant now)
    {
        if (TrySpendReturned(units, now))
        {
            return SpendOutcome.Spent;
        }

        foreach (var lease in Volatile.Read(ref leases))
        {
            if (lease.TrySpend(units, now, monotonic))
            {
                // What counts is what is left of all of them: while one runs out, its successor may be there already.
                if (LeaseSizing.IsLow(lease.Remaining, lease.Granted) && LeaseSizing.IsLow(RemaindersAt(now), lease.Granted))
                {
                    RequestRefill(terms);
                }

                return SpendOutcome.Spent;
            }
        }

        if (terms.LimitClass == LimitClass.Soft)
        {
            // A soft limit never denies and so never waits; Host is told as soon as it can be asked.
            Interlocked.Add(ref uncovered, units);
            RequestRefill(terms);
            return SpendOutcome.Spent;
        }

        // Remainders that are each too small for this request still count: Host can add them up once they are given back.
        return Volatile.Read(ref exhausted) is { } known && known.Denies(units - RemaindersAt(now), now, monotonic.GetTimestamp(), time.Epoch)
            ? SpendOutcome.Exhausted
            : SpendOutcome.NeedsUnits;
    }

    /// <summary>Whether asking would only be told again what Host said a moment ago.</summary>
    public bool IsKnownExhausted(long units, Instant now) =>
        Volatile.Read(ref exhausted) is { } known
        && known.Denies(units - RemaindersAt(now) - ReturnedAt(now), now, monotonic.GetTimestamp(), time.Epoch);

    public QuotaState StateAt(QuotaTerms terms, Instant now)
    {
        if (Volatile.Read(ref lastAnswer) is not { PeriodStart: { } start, PeriodEnd: { } end } answer || now < start || now >= end)
        {
            return default;
        }

        // Leases of a level say that there is room and hold none of it.
        if (terms.IsLevel)
        {
            return new QuotaState(true, answer.Limit, answer.Free, start, end);
        }

        var remaining = answer.Free + ReturnedAt(now) - Interlocked.Read(ref uncovered);
        foreach (var lease in Volatile.Read(ref leases))
        {
            remaining += lease.PeriodEnd == end ? lease.Remaining : 0;
        }

        return new QuotaState(true, answer.Limit, remaining, start, end);
    }

    /// <summary>The customer's access changed: what Host said about exhaustion before may no longer hold.</summary>
    public void Forget() => Volatile.Write(ref exhausted, null);

    private long RemaindersAt(Instant now)
    {
        var sum = 0L;
        foreach (var lease in Volatile.Read(ref leases))
        {
            sum += lease.IsOver(now, monotonic.GetTimestamp()) ? 0 : lease.Remaining;
        }

        return sum;
    }

    private void CoverSoftUsage(Lease lease, Instant now)
    {
        while (Interlocked.Read(ref uncovered) is > 0 and var owed)
        {
            var units = Math.Min(owed, lease.Remaining);
            if (units <= 0 || !lease.TrySpend(units, now, monotonic))
            {
                return;
            }

            Interlocked.Add(ref uncovered, -units);
        }
    }
}
