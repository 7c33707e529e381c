using System.Collections.Immutable;
using Metering.Contracts.Sidecar;
using Metering.Subscriptions.Leases;
using Metering.Subscriptions.Shares;
using NodaTime;

namespace Metering.EnforcementSidecar.Tests.Shares;

/// <summary>
/// Host's side of dividing limits: the real <see cref="DividedLimit"/> over rows in memory, read and written as ShareDesk's SQL does. That it is
/// so is what SharesAgreeWithTheDatabaseTests are for.
/// </summary>
internal sealed class MemoryShares(int ttlMilliseconds)
{
    private readonly Dictionary<SharedLimit, LimitRows> limits = [];

    /// <summary>A fault made on purpose: shares are given to others although their holder may still use them.</summary>
    public long TakesBackEarlyMicroseconds { get; set; }

    /// <summary>A fault made on purpose: what comes back counts as full.</summary>
    public bool ForgetsHowFull { get; set; }

    /// <summary>A fault made on purpose: what a dead process let in is taken for ended.</summary>
    public bool ForgetsWhatLingers { get; set; }

    public int Exchanges { get; private set; }

    public int Asked { get; private set; }

    public IEnumerable<(SharedLimit Limit, long Held)> Held => limits.Select(one => (one.Key, one.Value.Shares.Sum(share => share.Parts)));

    /// <param name="monotonic">Host's clock, in microseconds.</param>
    /// <returns>The answers, and what others would have to come down to.</returns>
    public (ImmutableArray<ShareAnswer> Answers, List<(string SidecarId, RecalledShare Share)> Recalled) Exchange(
        ShareExchangeRequest request, Instant now, long monotonic, bool again = false)
    {
        Exchanges++;
        var recalled = new List<(string SidecarId, RecalledShare Share)>();
        var answers = ImmutableArray.CreateBuilder<ShareAnswer>();
        foreach (var one in request.Shares)
        {
            Asked++;
            var rows = limits.TryGetValue(one.Limit, out var known) ? known : new LimitRows([], now);
            var limit = new DividedLimit(rows.Shares.Select(row => row.Read(monotonic)), rows.FullAt, ttlMilliseconds, clockStands: false);
            var answer = limit.Apply(Spoilt(one), request.SidecarId, request.Start, now, again);
            if (answer.Applied && one.Needed > 0)
            {
                var holders = limit.Recallable(request.SidecarId, one).ToList();
                recalled.AddRange(holders.Select(holder => (holder.SidecarId, new RecalledShare(one.Limit, holder.Target))));
            }

            limits[one.Limit] = Write(rows, limit, now, monotonic);
            answers.Add(answer);
        }

        return (answers.ToImmutable(), recalled);
    }

    public string Text(SharedLimit limit) => !limits.TryGetValue(limit, out var rows)
        ? "nothing"
        : string.Join('\n', rows.Shares.OrderBy(row => (row.SidecarId, row.Start)).Select(row => $"{row.SidecarId} {row.Start} {row.Parts}"));

    private ShareRequest Spoilt(ShareRequest one) => one with
    {
        FullInMicroseconds = ForgetsHowFull ? 0 : one.FullInMicroseconds,
        RefillMicroseconds = ForgetsHowFull ? 0 : one.RefillMicroseconds,
        LingersMilliseconds = ForgetsWhatLingers ? 0 : one.LingersMilliseconds,
    };

    private LimitRows Write(LimitRows before, DividedLimit limit, Instant now, long monotonic)
    {
        var lifetime = ((ttlMilliseconds + LeaseTerms.GraceMilliseconds) * 1_000L) - TakesBackEarlyMicroseconds;
        return new LimitRows(
            [
                .. limit.Holdings.Select(holding => new ShareRow(
                    holding.SidecarId, holding.Start, holding.Sequence, holding.Parts, holding.Demand, holding.Wants, holding.FullAt,
                    holding.RefillMicroseconds, holding.LingersMilliseconds,
                    holding.IsRenewed ? monotonic + lifetime
                        : holding.IsEnded ? monotonic
                        : before.Shares.Single(row => row.SidecarId == holding.SidecarId && row.Start == holding.Start).ExpiresAt)),
            ],
            ForgetsHowFull ? now : limit.FullAt);
    }

    private sealed record LimitRows(ImmutableArray<ShareRow> Shares, Instant FullAt);

    private sealed record ShareRow(
        string SidecarId, long Start, long Sequence, long Parts, long Demand, long Wants, Instant FullAt, long Refill, long Lingers, long ExpiresAt)
    {
        public ShareHolding Read(long monotonic) =>
            ShareHolding.Read(SidecarId, Start, Sequence, Parts, Demand, Wants, FullAt, Refill, Lingers, monotonic - ExpiresAt);
    }
}
