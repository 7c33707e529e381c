using Metering.Contracts.Sidecar;
using Metering.EnforcementSidecar.Shares;
using NodaTime;

namespace Metering.EnforcementSidecar.Concurrency;

/// <summary>This sidecar's share of the places.</summary>
internal sealed partial class SlotTable
{
    public const string LimitName = "concurrency";
    private const int MillisecondsPerSecond = 1_000;

    private ConcurrencyTerms current = terms;

    // Parts that Host counts as this sidecar's, of those what new requests may use, and how many places these are.
    private long held;
    private long allowed;
    private int places;

    // Places that nobody had when Host last answered: they are had for the asking.
    private int elsewhere;

    // Monotonic; no request is let in from then on.
    private long until = long.MinValue;
    private int peak;
    private RecentDemand demand;

    public override string Name => LimitName;

    public ConcurrencyTerms Terms
    {
        get => Volatile.Read(ref current);
        set
        {
            lock (gate)
            {
                current = value;
                places = (int)ShareParts.UnitsIn(allowed, value.Limit);
                elsewhere = Math.Min(elsewhere, value.Limit - places);
            }
        }
    }

    public bool HasShare(long now)
    {
        lock (gate)
        {
            return now < until;
        }
    }

    /// <summary>How many more may be let in now, as far as this sidecar can tell.</summary>
    public int RemainingAt(long now)
    {
        lock (gate)
        {
            DropOver(now);
            return now < until ? Math.Max(0, places - entriesInFlight.Count) + elsewhere : 0;
        }
    }

    public override ShareOffer Offer(long target, long smallestNeed, long totalNeed, Instant now, TimeProvider monotonic)
    {
        lock (gate)
        {
            var timestamp = monotonic.GetTimestamp();
            DropOver(timestamp);
            var recent = demand.PerSecond(peak, monotonic, out var ends);
            var limit = current.Limit;
            var inFlight = entriesInFlight.Count;
            var most = Math.Min(limit, Math.Max(inFlight, ends ? peak : (long)Math.Ceiling(Math.Max(recent, peak))));
            peak = ends ? inFlight : peak;
            var isWanted = most > 0 || totalNeed > 0;
            allowed = timestamp < until ? Math.Min(allowed, isWanted ? target : 0) : 0;
            places = (int)ShareParts.UnitsIn(allowed, limit);

            // Who is let in stays in: as many places as there are requests are kept, also past the end of the share.
            held = Math.Min(held, Math.Max(allowed, ShareParts.Of(inFlight, limit)));
            var needed = totalNeed == 0 ? 0 : Math.Min(limit, inFlight + totalNeed);
            var wanted = isWanted ? Math.Min(limit, Math.Max(needed, most + (most / 2) + 1)) : 0;
            return new ShareOffer(held, 0, limit, needed, Math.Max(most, needed), wanted, 0, LingersFor(timestamp, monotonic));
        }
    }

    public override void Take(ShareAnswer answer, long deadline, Instant now)
    {
        lock (gate)
        {
            held = allowed = answer.Parts;
            places = (int)ShareParts.UnitsIn(allowed, current.Limit);
            elsewhere = (int)ShareParts.UnitsIn(answer.Free, current.Limit);
            until = deadline;
        }
    }

    /// <summary>As long as a request that is let in at the end of the share may take, or one that is in flight under terms of before.</summary>
    private long LingersFor(long timestamp, TimeProvider monotonic)
    {
        var longest = (long)current.MaxSeconds * MillisecondsPerSecond;
        return last == None
            ? longest
            : Math.Max(longest, (long)Math.Ceiling(monotonic.GetElapsedTime(timestamp, entries[last].Deadline).TotalMilliseconds));
    }
}
