using Metering.Contracts.Sidecar;
using NodaTime;

namespace Metering.EnforcementSidecar.Leases;

/// <summary>A request that takes of several quotas is denied by one after others have been spent: those units are used by the next request.</summary>
internal sealed partial class LeaseAccount
{
    private ReturnedUnits? returned;

    /// <summary>What <see cref="TrySpend"/> has spent and nobody uses. Of a level nothing was taken.</summary>
    /// <param name="at">When they were spent. What was spent of a period that is over is no unit of the one that runs.</param>
    public void Return(long units, QuotaTerms terms, Instant at)
    {
        if (terms.IsLevel || Volatile.Read(ref lastAnswer) is not { PeriodStart: { } start, PeriodEnd: { } end } || at < start || at >= end)
        {
            return;
        }

        while (true)
        {
            var known = Volatile.Read(ref returned);
            var timestamp = monotonic.GetTimestamp();
            var before = known is not null && known.PeriodEnd == end ? known.At(at, timestamp) : 0;

            // What lies here longest goes first: adding to it does not make it last.
            var until = before > 0 ? known!.Until : timestamp + Ticks(ReturnedUnits.Lifetime);
            if (Interlocked.CompareExchange(ref returned, new ReturnedUnits(before + units, start, end, until), known) == known)
            {
                return;
            }
        }
    }

    private bool TrySpendReturned(long units, Instant now)
    {
        while (Volatile.Read(ref returned) is { } known)
        {
            if (known.At(now, monotonic.GetTimestamp()) < units)
            {
                return false;
            }

            if (Interlocked.CompareExchange(ref returned, known.Units == units ? null : known with { Units = known.Units - units }, known) == known)
            {
                return true;
            }
        }

        return false;
    }

    private long ReturnedAt(Instant now) => Volatile.Read(ref returned)?.At(now, monotonic.GetTimestamp()) ?? 0;
}
