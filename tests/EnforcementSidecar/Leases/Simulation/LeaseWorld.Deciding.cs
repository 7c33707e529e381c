using Metering.EnforcementSidecar.Leases;
using SidecarLease = Metering.EnforcementSidecar.Leases.Lease;

namespace Metering.EnforcementSidecar.Tests.Leases.Simulation;

/// <summary>Requests, as DecisionEngine treats them, and what has to be true of each that is admitted.</summary>
internal sealed partial class LeaseWorld
{
    /// <summary>A request is stopped after so many looks at the clock.</summary>
    public void Interrupt(int reads, long microseconds) => Clock.LeapAfter(reads, microseconds);

    private void Decide(SimulatedSidecar sidecar, string entitlementId, long units, long givesUpAt)
    {
        var account = sidecar.Dialogue.AccountOf(entitlementId);
        var before = account.Leases.Select(lease => (Lease: lease, lease.Spent)).ToList();
        Clock.Reads.Clear();
        var outcome = account.TrySpend(units, terms[entitlementId], sidecar.Time.Now);
        Clock.LeapNoMore();
        Count(sidecar, before, outcome == SpendOutcome.Spent, units);
        switch (outcome)
        {
            case SpendOutcome.Exhausted:
                Denials++;
                Denied?.Invoke(Host.InForce(entitlementId)!);
                break;
            case SpendOutcome.NeedsUnits when Clock.Now < givesUpAt:
                Waits++;
                var answer = account.AcquireAsync(units, terms[entitlementId]);
                sidecar.Waiting.Add(new WaitingRequest(entitlementId, units, givesUpAt, answer));
                break;
        }
    }

    private void GoOnWaiting(SimulatedSidecar sidecar)
    {
        for (var i = 0; i < sidecar.Waiting.Count; i++)
        {
            var waiting = sidecar.Waiting[i];
            if (waiting.Answer.IsCompleted)
            {
                sidecar.Waiting.RemoveAt(i--);
                if (waiting.Answer.Result == AcquireOutcome.Answered && waiting.GivesUpAt > Clock.Now)
                {
                    Decide(sidecar, waiting.EntitlementId, waiting.Units, waiting.GivesUpAt);
                }
            }
        }

        Pump(sidecar);
    }

    /// <summary>
    /// Exactly one lease paid for what was admitted: it was Host's to give, not over when that was looked at for the last time, and is not spent
    /// beyond what was granted. What other leases lost on the way is burnt.
    /// </summary>
    private void Count(SimulatedSidecar sidecar, List<(SidecarLease Lease, long Spent)> before, bool admitted, long units)
    {
        var looks = 0;
        var paid = before.FindLastIndex(one => one.Lease.Spent > one.Spent);
        Require(!admitted || paid >= 0, "admitted and nobody paid");
        for (var i = 0; i < before.Count; i++)
        {
            var (lease, spent) = before[i];
            looks += lease.Spent > spent ? 2 : 1;
            if (lease.Spent == spent)
            {
                continue;
            }

            var row = Host.Find(lease.Id);
            Require(lease.Spent - spent == units && lease.Spent <= lease.Granted, $"lease {lease.Id} spent {lease.Spent} of {lease.Granted}");
            Require(
                row is { Closed: false } && row.SidecarId == sidecar.Name && row.Granted == lease.Granted,
                $"lease {lease.Id} is not {sidecar.Name}'s");
            if (!admitted || i != paid)
            {
                row!.Pool.Burnt += units;
                continue;
            }

            var decidedAt = Clock.Reads[looks - 1];
            Require(decidedAt < lease.Deadline, $"spent at {decidedAt} although the lease was over at {lease.Deadline}");
            Require(decidedAt < row!.ExpiresAt, $"spent at {decidedAt} although Host called the lease expired at {row.ExpiresAt}");
            row.Pool.Admitted += units;
        }
    }
}
