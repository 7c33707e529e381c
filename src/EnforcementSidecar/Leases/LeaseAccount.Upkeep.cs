using Metering.Contracts.Sidecar;
using NodaTime;

namespace Metering.EnforcementSidecar.Leases;

/// <summary>What happens to leases that nobody is waiting for. Called by one loop, twice a second.</summary>
internal sealed partial class LeaseAccount
{
    public static readonly TimeSpan IdleAfter = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan ReportEvery = TimeSpan.FromSeconds(1);

    private long spentBefore;
    private long retiredSpent;
    private long lookedAt;
    private long busyAt;
    private long reportedAt;

    /// <summary>Retires what is over, idle or replaced, renews what is busy, and reports what was spent since the last report.</summary>
    /// <returns>False when the account holds nothing and needs no more upkeep until it asks again.</returns>
    public bool Keep(Instant now, long timestamp, List<LeaseReport> reports)
    {
        lock (gate)
        {
            Measure(timestamp);
            var idle = timestamp - busyAt > Ticks(IdleAfter);
            var current = leases;
            var renewing = current.Any(lease => !IsOld(lease));
            RetireWhere(lease => idle || lease.IsOver(now, timestamp) || lease.Remaining == 0 || (renewing && IsOld(lease)));
            if (leases.Length > 0 && leases.All(IsOld) && busyAt == timestamp)
            {
                AskForRenewal(timestamp);
            }

            if (timestamp - reportedAt >= Ticks(ReportEvery))
            {
                reportedAt = timestamp;
                ReportSpending(reports);
            }

            return Holds || !idle;
        }

        bool IsOld(Lease lease) => timestamp >= lease.RenewAt;
    }

    public bool Holds => Volatile.Read(ref leases).Length > 0 || Volatile.Read(ref flight) is not null || Interlocked.Read(ref uncovered) > 0;

    /// <summary>Gives everything back.</summary>
    public void Retire()
    {
        lock (gate)
        {
            RetireWhere(static _ => true);
        }
    }

    /// <summary>
    /// Somebody waits elsewhere for units that nobody has any more: what is left here goes back, and for a moment only what requests wait for is
    /// asked for.
    /// </summary>
    public void GiveBack()
    {
        lock (gate)
        {
            noRefillBefore = monotonic.GetTimestamp() + Ticks(RefillPause);
            RetireWhere(static _ => true);
        }
    }

    private void RetireWhere(Func<Lease, bool> over)
    {
        var retired = leases.Where(over).ToArray();
        if (retired.Length == 0)
        {
            return;
        }

        Volatile.Write(ref leases, [.. leases.Except(retired)]);
        foreach (var lease in retired)
        {
            retiredSpent += lease.Seal();
            dialogue.CloseLater(lease);
        }
    }

    private void Measure(long timestamp)
    {
        var spent = retiredSpent + leases.Sum(lease => lease.Spent);
        var units = spent - spentBefore;
        spentBefore = spent;
        if (lookedAt == 0)
        {
            busyAt = timestamp;
        }
        else
        {
            unitsPerSecond = LeaseSizing.Smooth(unitsPerSecond, units, (timestamp - lookedAt) / (double)monotonic.TimestampFrequency);
            busyAt = units > 0 ? timestamp : busyAt;
        }

        lookedAt = timestamp;
    }

    private void AskForRenewal(long timestamp)
    {
        if (flight is null && timestamp >= Math.Max(noRefillBefore, unavailableUntil))
        {
            flight = new LeaseFlight();
            dialogue.Ask(this);
        }
    }

    /// <summary>A report was lost on the way.</summary>
    private void ReportAgain()
    {
        foreach (var lease in leases)
        {
            lease.ReportedSpent = 0;
        }
    }

    private void ReportSpending(List<LeaseReport> reports)
    {
        foreach (var lease in leases)
        {
            var spent = lease.Spent;
            if (spent != lease.ReportedSpent)
            {
                lease.ReportedSpent = spent;
                reports.Add(new LeaseReport(lease.Id, spent, Close: false));
            }
        }
    }
}
