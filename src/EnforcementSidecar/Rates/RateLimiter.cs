using Metering.Contracts.Sidecar;

namespace Metering.EnforcementSidecar.Rates;

/// <summary>
/// GCRA in units: one timestamp says how far the admitted units reach into the future. With N sidecars each is paced at
/// limit/N with burst/N, so that together they admit at most <c>burst + limit × t / window</c> in any span t. A burst share is
/// never less than one unit (no request could pass at all), which only matters when there are more sidecars than burst units.
/// </summary>
internal sealed class RateLimiter(RateLimitTerms terms, long startAt = 0)
{
    private const long NanosecondsPerSecond = 1_000_000_000;

    // Nanoseconds since 1970 at which every unit admitted so far has been paid for.
    private long paidUpAt = startAt;

    public RateLimitTerms Terms { get; } = terms;

    /// <summary>For carrying on when the terms change.</summary>
    public long PaidUpAt => Volatile.Read(ref paidUpAt);

    /// <summary>Takes <paramref name="units"/> or nothing.</summary>
    /// <param name="now">Nanoseconds since 1970.</param>
    /// <param name="sidecars">How many share the limit, at least 1.</param>
    public bool TryTake(long units, long now, int sidecars, out RateState state)
    {
        var burst = BurstShare(sidecars);
        if (Terms.Limit <= 0 || units > burst)
        {
            state = StateAt(Volatile.Read(ref paidUpAt), units, now, sidecars);
            return false;
        }

        var cost = Cost(units, sidecars);
        var tolerance = Cost(burst, sidecars);
        while (true)
        {
            var known = Volatile.Read(ref paidUpAt);
            var next = StartFrom(known, now, tolerance) + cost;
            if (next - now > tolerance)
            {
                state = StateAt(known, units, now, sidecars);
                return false;
            }

            if (Interlocked.CompareExchange(ref paidUpAt, next, known) == known)
            {
                state = StateAt(next, 0, now, sidecars);
                return true;
            }
        }
    }

    /// <summary>Undoes a take of the same units within the same decision: the request was denied for another reason.</summary>
    public void GiveBack(long units, int sidecars) => Interlocked.Add(ref paidUpAt, -Cost(units, sidecars));

    /// <summary>What is left, without taking anything.</summary>
    public RateState Peek(long now, int sidecars) => StateAt(Volatile.Read(ref paidUpAt), 0, now, sidecars);

    /// <summary>A clock that was set back must not lock a customer out for longer than a full burst takes.</summary>
    private static long StartFrom(long known, long now, long tolerance) =>
        known <= now ? now : known - now > tolerance ? now + tolerance : known;

    private RateState StateAt(long paidUpTo, long wanted, long now, int sidecars)
    {
        if (Terms.Limit <= 0)
        {
            return new RateState(this, 0, 0, RateState.Never);
        }

        var tolerance = Cost(BurstShare(sidecars), sidecars);
        var debt = StartFrom(paidUpTo, now, tolerance) - now;
        var remaining = UnitsIn(tolerance - debt, sidecars);
        var retryAfter = wanted == 0 ? 0
            : wanted > BurstShare(sidecars) ? RateState.Never
            : Math.Max(0, debt + Cost(wanted, sidecars) - tolerance);
        return new RateState(this, remaining, debt, retryAfter);
    }

    private long BurstShare(int sidecars) => Math.Max(1, Terms.Burst / sidecars);

    /// <summary>How long <paramref name="units"/> take to be paid for, rounded up: rounding never admits more.</summary>
    private long Cost(long units, int sidecars)
    {
        var window = (Int128)Terms.WindowSeconds * NanosecondsPerSecond * sidecars;
        var product = window * units;
        var nanoseconds = product <= long.MaxValue
            ? (((long)product - 1) / Terms.Limit) + 1
            : (long)Int128.Min(long.MaxValue / 4, ((product - 1) / Terms.Limit) + 1);
        return Math.Min(nanoseconds, long.MaxValue / 4);
    }

    private long UnitsIn(long nanoseconds, int sidecars) =>
        nanoseconds <= 0 ? 0 : (long)((Int128)nanoseconds * Terms.Limit / ((Int128)Terms.WindowSeconds * NanosecondsPerSecond * sidecars));
}
