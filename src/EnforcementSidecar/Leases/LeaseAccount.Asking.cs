using Metering.Contracts.Sidecar;
using Metering.EnforcementSidecar.Identifiers;
using NodaTime;

namespace Metering.EnforcementSidecar.Leases;

/// <summary>Asking Host: at most one question at a time, whoever waits joins it.</summary>
internal sealed partial class LeaseAccount
{
    private static readonly TimeSpan UnavailableFor = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan RefillPause = TimeSpan.FromSeconds(1);

    private readonly Lock gate = new();
    private LeaseFlight? flight;
    private long unavailableUntil = long.MinValue;
    private long noRefillBefore = long.MinValue;
    private AcquireOutcome lastFailure;
    private double unitsPerSecond;
    private long limit;

    /// <summary>Joins or starts the question to Host; after an answer the caller tries to spend again.</summary>
    public Task<AcquireOutcome> AcquireAsync(long units, QuotaTerms terms)
    {
        LeaseFlight joined;
        var ask = false;
        lock (gate)
        {
            if (monotonic.GetTimestamp() < unavailableUntil)
            {
                return Task.FromResult(lastFailure);
            }

            limit = terms.Limit;
            ask = flight is null;
            joined = flight ??= new LeaseFlight();
            if (!joined.Sent && units > 0)
            {
                joined.Need(units);
            }
        }

        if (ask)
        {
            dialogue.Ask(this);
        }

        return joined.Done;
    }

    /// <summary>Null when there is nothing to ask (any more).</summary>
    public LeaseQuestion? NextQuestion(LeaseSlots slots, int sidecars)
    {
        lock (gate)
        {
            if (flight is null)
            {
                return null;
            }

            flight.Sent = true;

            // What is spent is reported together with the question. Its events may be counted already, and as long as the report
            // is missing Host takes the units for used and for held, and would call a quota used up that is not.
            RetireWhere(static lease => lease.Remaining == 0);
            var sentAt = monotonic.GetTimestamp();
            var lease = slots.TryCreate(Ulid.NewText(time.Now), sentAt);
            if (lease is null)
            {
                Fail(AcquireOutcome.Unavailable);
                return null;
            }

            var owed = Interlocked.Read(ref uncovered);
            var wanted = LeaseSizing.Wanted(Math.Max(flight.TotalNeed, owed), unitsPerSecond, limit, lastAnswer?.Free, sidecars);
            var progress = new List<LeaseReport>();
            ReportSpending(progress);
            return new LeaseQuestion(this, lease, new LeaseRequest(lease.Id, entitlementId, wanted, flight.SmallestNeed), progress);
        }
    }

    /// <summary>Host has answered <paramref name="question"/>.</summary>
    /// <returns>True when the account has to ask again at once.</returns>
    public bool Apply(LeaseQuestion question, LeaseAnswer answer)
    {
        lock (gate)
        {
            if (answer.PeriodStart is not { } start || answer.PeriodEnd is not { } end || answer.Outcome == LeaseOutcome.Unknown)
            {
                dialogue.Release(question.Lease);
                Volatile.Write(ref lastAnswer, null);
                Fail(AcquireOutcome.UnknownEntitlement);
                return false;
            }

            Volatile.Write(ref lastAnswer, answer);
            if (answer.Granted > 0)
            {
                Publish(question.Lease, answer, start, end);
            }
            else
            {
                dialogue.Release(question.Lease);
                var now = monotonic.GetTimestamp();

                // A refill ahead of need is asked for while units are still spent here: their events may have been counted before
                // our report of them, so that Host takes them for used and for held. Only a question with nothing left is an answer.
                if (question.Request.Needed > 0)
                {
                    Volatile.Write(ref exhausted, new ExhaustedQuota(answer.Free, now + Ticks(ExhaustedQuota.Lifetime), end, time.Epoch));
                }

                noRefillBefore = now + Ticks(RefillPause);
                if (GiveBackRemainders(answer.Free))
                {
                    return true;
                }
            }

            var answered = flight;
            flight = null;
            answered?.Complete(AcquireOutcome.Answered);
            return false;
        }
    }

    /// <summary>Host did not answer: whether the lease exists is unknown, so it is closed unspent as soon as Host can be told.</summary>
    public void NotAnswered(LeaseQuestion question)
    {
        dialogue.CloseLater(question.Lease);
        lock (gate)
        {
            ReportAgain();
            Fail(AcquireOutcome.Unavailable);
        }
    }

    private void RequestRefill(QuotaTerms terms)
    {
        var notBefore = Math.Max(Volatile.Read(ref noRefillBefore), Volatile.Read(ref unavailableUntil));
        if (Volatile.Read(ref flight) is not null || monotonic.GetTimestamp() < notBefore)
        {
            return;
        }

        AcquireAsync(0, terms);
    }

    private void Publish(Lease lease, LeaseAnswer answer, Instant start, Instant end)
    {
        var lifetime = TimeSpan.FromMilliseconds(answer.TtlMilliseconds);
        var usable = lifetime - LeaseSizing.Guard(lifetime);
        lease.Open(answer.Granted, start, end, lease.SentAt + Ticks(usable), lease.SentAt + Ticks(lifetime / 2));
        CoverSoftUsage(lease, time.Now);
        Volatile.Write(ref exhausted, null);
        Volatile.Write(ref leases, [.. leases, lease]);
    }

    /// <summary>
    /// Several remainders can not be added up for one request, but Host can: they are given back and asked for as one.
    /// </summary>
    private bool GiveBackRemainders(long free)
    {
        if (flight is not { SmallestNeed: > 0, GaveBack: false } || free + leases.Sum(lease => lease.Remaining) < flight.SmallestNeed)
        {
            return false;
        }

        flight.GaveBack = true;
        RetireWhere(static _ => true);
        return true;
    }

    private void Fail(AcquireOutcome outcome)
    {
        lastFailure = outcome;
        unavailableUntil = monotonic.GetTimestamp() + Ticks(UnavailableFor);
        var failed = flight;
        flight = null;
        failed?.Complete(outcome);
    }

    private long Ticks(TimeSpan span) => (long)(span.TotalSeconds * monotonic.TimestampFrequency);
}
