using Metering.Contracts.Sidecar;
using NodaTime;

namespace Metering.Subscriptions.Shares;

/// <summary>
/// One limit and all shares of it, locked. Pure: it knows no clock and no database. Two things are conserved: the parts, of which all shares
/// together are at most the whole; and what is in the buckets of a rate, since a part that goes from one sidecar to another is as full as it
/// was left, not full again.
/// </summary>
/// <param name="fullAt">When a bucket of what nobody has is full.</param>
/// <param name="ttlMilliseconds">How long a share may be used, by the sidecar's own clock from the moment it asked.</param>
/// <param name="clockStands">In a sandbox no bucket fills while real time goes by.</param>
internal sealed class DividedLimit(IEnumerable<ShareHolding> shares, Instant fullAt, int ttlMilliseconds, bool clockStands)
{
    private readonly List<ShareHolding> holdings = [.. shares];
    private readonly List<ShareHolding> gone = [];

    public IReadOnlyList<ShareHolding> Holdings => holdings;

    /// <summary>Nothing is held any more.</summary>
    public IReadOnlyList<ShareHolding> Gone => gone;

    public Instant FullAt { get; private set; } = fullAt;

    public long PartsOut => holdings.Sum(holding => holding.Parts);

    /// <param name="again">The same request once more, from where it was left the first time.</param>
    public ShareAnswer Apply(ShareRequest request, string sidecarId, long start, Instant now, bool again = false)
    {
        LetGo(now);
        var mine = holdings.Find(holding => holding.SidecarId == sidecarId && holding.Start == start);
        if (holdings.Exists(holding => holding.SidecarId == sidecarId && holding.Start > start) || IsOvertaken(mine))
        {
            return new ShareAnswer(false, 0, 0, 0, 0, 0);
        }

        foreach (var earlier in holdings.Where(holding => holding.SidecarId == sidecarId && holding.Start < start))
        {
            earlier.End();
        }

        LetGo(now);
        var keeps = Math.Min(request.Keeps, mine?.Parts ?? 0);
        var debt = DurationOf(request.FullInMicroseconds);
        debt = again && mine is not null ? Duration.Max(debt, mine.FullAt - now) : debt;
        if (mine is not null)
        {
            // If the answer that granted them was lost, what goes back is no fuller than it was granted.
            Take(mine.Parts - keeps, Duration.Max(debt, mine.FullAt - now), now);
        }
        else
        {
            mine = new ShareHolding(sidecarId, start, -1);
            holdings.Add(mine);
        }

        var answer = Grant(request, mine, keeps, debt, now);
        if (mine is { Parts: 0, Wants: 0 })
        {
            Remove(mine);
        }

        return answer;

        bool IsOvertaken(ShareHolding? known) => again ? known?.Sequence != request.Sequence : known?.Sequence >= request.Sequence;
    }

    /// <summary>What the others would have to come down to so that this sidecar has what is due to it; none when nobody can.</summary>
    public IEnumerable<(string SidecarId, long Target)> Recallable(string sidecarId, ShareRequest request)
    {
        var active = Active();
        var targets = Divide(active, sidecarId, request);
        var mine = active.FindIndex(holding => holding.SidecarId == sidecarId);
        return mine < 0 || ShareParts.UnitsIn(active[mine].Parts, request.Units) >= targets[mine]
            ? []
            : active.Index()
                .Where(one => one.Index != mine && one.Item.Parts > ShareParts.Of(targets[one.Index], request.Units))
                .Select(one => (one.Item.SidecarId, ShareParts.Of(targets[one.Index], request.Units)));
    }

    private ShareAnswer Grant(ShareRequest request, ShareHolding mine, long keeps, Duration debt, Instant now)
    {
        mine.Renew(request, keeps, now + debt);
        var active = Active();
        var units = Divide(active, mine.SidecarId, request)[active.IndexOf(mine)];
        var target = ShareParts.Of(units, request.Units);
        var free = ShareParts.Whole - PartsOut;

        // Whole units: part of one lets nothing through.
        var most = Math.Min(units, ShareParts.UnitsIn(keeps + free, request.Units));
        var added = Math.Clamp(ShareParts.Of(most, request.Units) - keeps, 0, free);
        var addedDebt = Duration.Max(Duration.Zero, FullAt - now);
        mine.Renew(request, keeps + added, now + Duration.Max(debt, added > 0 ? addedDebt : Duration.Zero));
        return new ShareAnswer(true, keeps + added, added, MicrosecondsOf(addedDebt), target, ttlMilliseconds, free - added);
    }

    private List<ShareHolding> Active() =>
        [.. holdings.Where(holding => !holding.IsExpired).OrderBy(holding => holding.SidecarId, StringComparer.Ordinal)];

    private static long[] Divide(List<ShareHolding> active, string sidecarId, ShareRequest request) => ShareDivision.Divide(
        request.Units,
        active.ConvertAll(holding => new ShareClaim(holding.SidecarId == sidecarId ? request.Needed : 0, holding.Demand, holding.Wants)));

    /// <summary>What expired long enough ago is nobody's any more.</summary>
    public void LetGo(Instant now)
    {
        foreach (var over in holdings.Where(holding => holding.IsOver).ToList())
        {
            // Nobody has said how much was let through: the bucket counts as empty when the share expired.
            Take(over.Parts, DurationOf(over.RefillMicroseconds - (clockStands ? 0 : over.ExpiredForMicroseconds)), now);
            Remove(over);
        }
    }

    /// <summary>Parts that still count as out come back, and what is in the bucket of all that nobody has is what was in both.</summary>
    private void Take(long parts, Duration debt, Instant now)
    {
        if (parts == 0)
        {
            return;
        }

        var free = ShareParts.Whole - PartsOut;
        var freeDebt = MicrosecondsOf(Duration.Max(Duration.Zero, FullAt - now));
        var sum = ((Int128)free * freeDebt) + ((Int128)parts * MicrosecondsOf(Duration.Max(Duration.Zero, debt)));
        FullAt = now + DurationOf((long)((sum + free + parts - 1) / (free + parts)));
    }

    private void Remove(ShareHolding holding)
    {
        holdings.Remove(holding);
        gone.Add(holding);
    }

    private static Duration DurationOf(long microseconds) => Duration.FromTicks(Math.Clamp(microseconds, 0, ShareTerms.MaxRefillMicroseconds) * 10);

    /// <summary>Rounded up: a bucket is never fuller for having been told of.</summary>
    private static long MicrosecondsOf(Duration duration) => (duration.BclCompatibleTicks + 9) / 10;
}
