using Metering.Contracts.Sidecar;

namespace Metering.EnforcementSidecar.Tests.Support;

/// <summary>The server's half of the lease protocol as the contract words it, over a dictionary.</summary>
internal sealed partial class FakeHost
{
    private readonly Dictionary<string, LeasePool> pools = [];
    private readonly Dictionary<(string Sidecar, string Lease), GrantedLease> leases = [];

    /// <summary>Everything that was asked and reported.</summary>
    public List<LeaseExchangeRequest> Exchanges { get; } = [];

    public int LeaseTtlMilliseconds { get; set; } = 10_000;

    public LeasePool Pool(string entitlementId)
    {
        lock (gate)
        {
            return pools[entitlementId];
        }
    }

    public long SettledOf(string entitlementId)
    {
        lock (gate)
        {
            return pools[entitlementId].Settled;
        }
    }

    public long HeldOf(string entitlementId)
    {
        lock (gate)
        {
            return pools[entitlementId].Held;
        }
    }

    private LeaseExchangeResponse Exchange(LeaseExchangeRequest request)
    {
        lock (gate)
        {
            Exchanges.Add(request);
            return new LeaseExchangeResponse(
                [.. request.Reports.Select(report => Apply(request.SidecarId, report))],
                [.. request.Requests.Select(wanted => Grant(request.SidecarId, wanted))]);
        }
    }

    private ReportAnswer Apply(string sidecar, LeaseReport report)
    {
        if (!leases.TryGetValue((sidecar, report.LeaseId), out var lease))
        {
            return new ReportAnswer(report.LeaseId, ReportOutcome.Unknown);
        }

        if (lease.Closed && report.Spent == lease.Spent)
        {
            return new ReportAnswer(report.LeaseId, ReportOutcome.AlreadyClosed);
        }

        if (lease.Closed || report.Spent > lease.Answer.Granted || report.Spent < lease.Spent)
        {
            // A report of progress that a later one has overtaken on the way is no contradiction.
            OutOfRange += report.Close || report.Spent > lease.Answer.Granted ? 1 : 0;
            return new ReportAnswer(report.LeaseId, ReportOutcome.OutOfRange);
        }

        var pool = pools[lease.Answer.EntitlementId];
        var newly = report.Spent - lease.Spent;
        pool.Settled += newly;
        pool.Held -= newly;
        lease.Spent = report.Spent;
        if (report.Close)
        {
            pool.Held -= lease.Answer.Granted - lease.Spent;
            lease.Closed = true;
        }

        return new ReportAnswer(report.LeaseId, ReportOutcome.Recorded);
    }

    /// <summary>Reports that contradict what was granted or reported before: none may ever come.</summary>
    public int OutOfRange { get; private set; }

    private LeaseAnswer Grant(string sidecar, LeaseRequest wanted)
    {
        if (leases.TryGetValue((sidecar, wanted.LeaseId), out var known))
        {
            return known.Answer;
        }

        if (!pools.TryGetValue(wanted.EntitlementId, out var pool))
        {
            return new LeaseAnswer(wanted.LeaseId, wanted.EntitlementId, LeaseOutcome.Unknown, 0, null, null, 0, 0, 0);
        }

        var granted = pool.Soft ? wanted.Wanted : Math.Max(0, Math.Min(wanted.Wanted, pool.Free));
        if (!pool.Soft && (granted == 0 || granted < wanted.Needed))
        {
            return Answer(LeaseOutcome.Exhausted, 0);
        }

        pool.Held += granted;
        var answer = Answer(LeaseOutcome.Granted, granted);
        leases[(sidecar, wanted.LeaseId)] = new GrantedLease(answer);
        return answer;

        LeaseAnswer Answer(LeaseOutcome outcome, long units) => new(
            wanted.LeaseId, wanted.EntitlementId, outcome, units, pool.PeriodStart, pool.PeriodEnd, pool.Limit, pool.Free, LeaseTtlMilliseconds);
    }

    private sealed class GrantedLease(LeaseAnswer answer)
    {
        public LeaseAnswer Answer => answer;

        public long Spent { get; set; }

        public bool Closed { get; set; }
    }
}
