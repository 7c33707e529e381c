using Metering.Contracts.Sidecar;
using Metering.EnforcementSidecar.Shares;
using NodaTime;

namespace Metering.EnforcementSidecar.Rates;

/// <summary>
/// GCRA in units over this sidecar's share of the limit: one timestamp says how far the admitted units reach into the future. Every share of a
/// limit takes equally long to fill, whatever its size, so that the debt of a share says how full each part of it is; a part that changes hands
/// keeps that. Together all sidecars let through at most <c>burst + limit × t / window</c> in any span t.
/// </summary>
/// <param name="occurrence">Among the limits of the same feature and window, from 0.</param>
internal sealed class RateLimiter(RateLimitTerms terms, int occurrence = 0) : LocalLimit
{
    private const long NanosecondsPerSecond = 1_000_000_000;
    private const long NanosecondsPerTick = 100;
    private const long MaxMicroseconds = 315_360_000_000_000;

    private RateLimitTerms current = terms;
    private RateShare? share;
    private RatePace? pace;

    // Nanoseconds since 1970 at which every unit admitted so far has been paid for.
    private long paidUpAt;
    private long changes;

    // Not exact: it decides how much is wanted, never how much is admitted.
    private long demanded;
    private RecentDemand demand;

    public RateLimitTerms Terms
    {
        get => Volatile.Read(ref current);
        set
        {
            if (current != value)
            {
                Interlocked.Increment(ref changes);
                Volatile.Write(ref current, value);
            }
        }
    }

    public int Occurrence => occurrence;

    public override string Name => occurrence == 0 ? $"rate-{Terms.WindowSeconds}s" : $"rate-{Terms.WindowSeconds}s-{occurrence}";

    /// <summary>Takes <paramref name="units"/> or nothing.</summary>
    /// <param name="now">Nanoseconds since 1970.</param>
    public TakeOutcome TryTake(long units, long now, TimeProvider monotonic, out RateState state)
    {
        demanded += units;
        if (Terms.Limit <= 0 || units > Terms.Burst)
        {
            state = Peek(now) with { RetryAfterNanoseconds = RateState.Never };
            return TakeOutcome.Denied;
        }

        while (true)
        {
            var timestamp = monotonic.GetTimestamp();
            if (PaceNow() is not { } known || timestamp >= known.Share.Deadline)
            {
                state = new RateState(this, 0, 0, NanosecondsPerSecond);
                return IsAnswered(timestamp) ? TakeOutcome.Denied : TakeOutcome.NeedsShare;
            }

            var paid = Volatile.Read(ref paidUpAt);
            var next = StartFrom(paid, now, known.Tolerance) + known.Cost(units);
            if (units > known.Burst || next - now > known.Tolerance)
            {
                state = StateAt(known, paid, units, now);
                Forgive(paid, now, known);
                return known.Share.Parts == ShareParts.Whole || IsAnswered(timestamp) ? TakeOutcome.Denied : TakeOutcome.NeedsShare;
            }

            // The process may have been stopped in between, or the share given up: then the units are burnt and nothing is admitted by them.
            if (Interlocked.CompareExchange(ref paidUpAt, next, paid) == paid
                && Volatile.Read(ref share) == known.Share && monotonic.GetTimestamp() < known.Share.Deadline)
            {
                state = StateAt(known, next, 0, now);
                return TakeOutcome.Taken;
            }
        }
    }

    /// <summary>To be seen before anything is taken that may have to be given back.</summary>
    public static long ChangesOf(RateLimiter[] limiters)
    {
        var sum = 0L;
        foreach (var limiter in limiters)
        {
            sum += Volatile.Read(ref limiter.changes);
        }

        return sum;
    }

    /// <summary>
    /// Undoes a take within the same decision: the request was denied for another reason. Where a share has changed hands since, what was taken
    /// may have gone with it, so nothing is given back.
    /// </summary>
    /// <param name="count">Of the first so many.</param>
    /// <param name="seen">By <see cref="ChangesOf"/>, before the units were taken.</param>
    public static void GiveBack(RateLimiter[] limiters, int count, long units, long seen)
    {
        for (var i = 0; i < count; i++)
        {
            limiters[i].GiveBack(units, limiters, seen);
        }
    }

    /// <summary>What is left here, without taking anything.</summary>
    public RateState Peek(long now) => PaceNow() is { } known ? StateAt(known, Volatile.Read(ref paidUpAt), 0, now) : new RateState(this, 0, 0, 0);

    public bool HasShare(long timestamp) => Volatile.Read(ref share) is { } known && timestamp < known.Deadline;

    public override ShareOffer Offer(long target, long smallestNeed, long totalNeed, Instant now, TimeProvider monotonic)
    {
        var known = Terms;
        var counted = Volatile.Read(ref demanded);
        var perSecond = demand.PerSecond(counted, monotonic, out var ends);
        if (ends)
        {
            Interlocked.Add(ref demanded, -counted);
        }

        var isWanted = perSecond > 0 || smallestNeed > 0;
        var held = share;
        var keeps = held is null || monotonic.GetTimestamp() >= held.Deadline ? 0 : Math.Min(held.Parts, isWanted ? target : 0);
        if (held is not null && keeps < held.Parts)
        {
            Interlocked.Increment(ref changes);
            Volatile.Write(ref share, keeps == 0 ? null : new RateShare(keeps, held.Deadline));
        }

        // Whoever took by the share before has done so by now, or sees that it is gone.
        Interlocked.MemoryBarrier();
        var debt = Math.Max(0, Volatile.Read(ref paidUpAt) - NanosecondsOf(now));
        var secondsToFill = known.Limit <= 0 ? 0 : (double)known.WindowSeconds * known.Burst / known.Limit;
        var units = isWanted ? Math.Clamp((long)Math.Ceiling(Math.Min(perSecond * secondsToFill, known.Burst)), 1, known.Burst) : 0;
        return new ShareOffer(
            keeps, Math.Min(MaxMicroseconds, (debt + 999) / 1_000), known.Burst, smallestNeed, units, isWanted ? known.Burst : 0,
            (long)Math.Min(MaxMicroseconds, Math.Ceiling(secondsToFill * 1e6)), 0);
    }

    public override void Take(ShareAnswer answer, long deadline, Instant now)
    {
        if (answer.Added == 0 && share?.Parts == answer.Parts)
        {
            share.Extend(deadline);
            return;
        }

        Interlocked.Increment(ref changes);
        if (answer.Added > 0)
        {
            Pour(answer, NanosecondsOf(now));
        }

        Volatile.Write(ref share, answer.Parts == 0 ? null : new RateShare(answer.Parts, deadline));
    }

    /// <summary>
    /// What is in the bucket from now on is what was in both. Until the new share is published, taking goes by the old one, which costs more.
    /// </summary>
    private void Pour(ShareAnswer answer, long now)
    {
        while (true)
        {
            var paid = Volatile.Read(ref paidUpAt);
            var debt = Math.Clamp(paid - now, 0, RatePace.MaxNanoseconds);
            var added = Math.Min(answer.AddedFullInMicroseconds, MaxMicroseconds) * 1_000;
            var both = (((Int128)debt * (answer.Parts - answer.Added)) + ((Int128)added * answer.Added)) / answer.Parts;

            // Never the same as before, so that nobody mistakes it for what it was.
            var next = now + (long)both;
            next = next != paid ? next : both == 0 ? next - 1 : next + 1;
            if (Interlocked.CompareExchange(ref paidUpAt, next, paid) == paid)
            {
                return;
            }
        }
    }

    private void GiveBack(long units, RateLimiter[] all, long seen)
    {
        while (Volatile.Read(ref pace) is { } known)
        {
            var paid = Volatile.Read(ref paidUpAt);
            if (ChangesOf(all) != seen || Interlocked.CompareExchange(ref paidUpAt, paid - known.Cost(units), paid) == paid)
            {
                return;
            }
        }
    }

    private RatePace? PaceNow()
    {
        var (held, known, of) = (Volatile.Read(ref share), Volatile.Read(ref pace), Terms);
        if (held is null || of.Limit <= 0)
        {
            return null;
        }

        if (known is not null && known.Share == held && known.Terms == of)
        {
            return known;
        }

        known = new RatePace(held, of);
        Volatile.Write(ref pace, known);
        return known;
    }

    /// <summary>A clock that was set back must not lock a customer out for longer than a full burst takes.</summary>
    private void Forgive(long paid, long now, RatePace known)
    {
        if (paid - now > known.Full)
        {
            Interlocked.CompareExchange(ref paidUpAt, now + known.Full, paid);
        }
    }

    private static long StartFrom(long known, long now, long tolerance) =>
        known <= now ? now : known - now > tolerance ? now + tolerance : known;

    private RateState StateAt(RatePace known, long paidUpTo, long wanted, long now)
    {
        var debt = StartFrom(paidUpTo, now, known.Tolerance) - now;
        var retryAfter = wanted == 0 ? 0
            : wanted > known.Burst ? NanosecondsPerSecond
            : Math.Max(0, debt + known.Cost(wanted) - known.Tolerance);
        return new RateState(this, known.UnitsIn(known.Tolerance - debt), debt, retryAfter);
    }

    private static long NanosecondsOf(Instant now) => now.ToUnixTimeTicks() * NanosecondsPerTick;
}
