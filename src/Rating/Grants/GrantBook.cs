using System.Collections.Immutable;
using NodaTime;

namespace Metering.Rating;

/// <summary>The running state of one burn-down: which grants are in force, what they hold, and what is owed.</summary>
/// <remarks>Between calls one of the two is zero: the overage, or the balance of all grants in force. What is owed is paid at once.</remarks>
internal sealed class GrantBook
{
    private readonly BurnDownInput input;
    private readonly Dictionary<string, GrantTally> tallies;
    private readonly SortedSet<GrantTally> inForce =
        new(Comparer<GrantTally>.Create((left, right) => BurnOrder.Instance.Compare(left.Grant, right.Grant)));

    private readonly ImmutableArray<GrantMovement>.Builder movements = ImmutableArray.CreateBuilder<GrantMovement>();
    private readonly ImmutableArray<BurnSegment>.Builder segments = ImmutableArray.CreateBuilder<BurnSegment>();

    private decimal overage;
    private decimal overageForgiven;
    private decimal grantedInRun;
    private decimal owedInRun;
    private Instant periodStart;
    private decimal periodUsage;
    private decimal periodBurnt;
    private int rows;

    public GrantBook(BurnDownInput input)
    {
        this.input = input;
        tallies = input.Grants.ToDictionary(grant => grant.Id, grant => new GrantTally(grant), StringComparer.Ordinal);
        periodStart = input.MeasuredFrom;
        if (input.Snapshot is { } snapshot)
        {
            Open(snapshot);
        }
    }

    /// <summary>What happens at an instant, in its order; then the grants pay what is owed, as far as they can.</summary>
    public void Apply(Instant at, ImmutableArray<GrantEvent> events)
    {
        foreach (var change in events)
        {
            switch (change)
            {
                case { Kind: GrantEventKind.Ends, Grant: { } grant }:
                    End(at, tallies[grant.Id]);
                    break;
                case { Kind: GrantEventKind.Resets, Reset: { } reset }:
                    Reset(reset);
                    break;
                case { Kind: GrantEventKind.Recurs, Grant: { } grant }:
                    Move(at, tallies[grant.Id], GrantMovementKind.ForfeitedAtRecurrence, tallies[grant.Id].Balance);
                    Move(at, tallies[grant.Id], GrantMovementKind.Granted, grant.Amount);
                    break;
                case { Kind: GrantEventKind.Begins, Grant: { } grant }:
                    inForce.Add(tallies[grant.Id]);
                    Move(at, tallies[grant.Id], GrantMovementKind.Granted, grant.Amount);
                    break;
            }
        }

        PayOverage(at);
    }

    /// <summary>Burns the usage of a phase: each grant in order as far as it goes, what is left becomes overage.</summary>
    public void Burn(ServicePeriod period, decimal usage)
    {
        owedInRun = GrantBounds.CheckedSum(owedInRun + usage, "Usage");
        periodUsage = GrantBounds.CheckedSum(periodUsage + usage, "Usage of the period");
        rows += inForce.Count;
        GrantBounds.CheckCount(rows, GrantBounds.RowsMax, "Rows");

        var burns = ImmutableArray.CreateBuilder<GrantBurn>(inForce.Count);
        var (left, overageAtStart) = (usage, overage);
        foreach (var tally in inForce)
        {
            var burn = tally.Burn(Math.Min(tally.Balance, left));
            left -= burn.Used;
            burns.Add(burn);
        }

        AddToBurnt(usage - left);
        overage += left;
        segments.Add(new BurnSegment
        {
            Period = period,
            Usage = usage,
            OverageAtStart = overageAtStart,
            OverageAtEnd = overage,
            Grants = burns.MoveToImmutable(),
        });
    }

    public BurnDownResult Close()
    {
        var snapshot = new GrantSnapshot
        {
            At = input.Until,
            Balances = [.. inForce.Select(tally => new GrantBalance(tally.Grant.Id, tally.Balance))],
            Overage = overage,
            PeriodStart = periodStart,
            PeriodUsage = periodUsage,
            PeriodBurnt = periodBurnt,
        };
        return new BurnDownResult
        {
            Segments = segments.DrainToImmutable(),
            Movements = movements.DrainToImmutable(),
            Accounts = [.. tallies.Values.OrderBy(tally => tally.Grant, BurnOrder.Instance).Select(tally => tally.Close())],
            OverageForgiven = overageForgiven,
            Snapshot = snapshot,
        };
    }

    private void Open(GrantSnapshot snapshot)
    {
        foreach (var (grantId, balance) in snapshot.Balances)
        {
            tallies[grantId].Open(balance);
            inForce.Add(tallies[grantId]);
        }

        grantedInRun = GrantBounds.CheckedSum(snapshot.Balance, "Granted");
        owedInRun = overage = snapshot.Overage;
        (periodStart, periodUsage, periodBurnt) = (snapshot.PeriodStart, snapshot.PeriodUsage, snapshot.PeriodBurnt);
    }

    private void End(Instant at, GrantTally tally)
    {
        var kind = tally.Grant.ExpiresAt == at ? GrantMovementKind.Expired : GrantMovementKind.Voided;
        Move(at, tally, kind, tally.Balance);
        inForce.Remove(tally);
    }

    private void Reset(GrantReset reset)
    {
        foreach (var tally in inForce)
        {
            var rolledOver = tally.Grant.RollOver(tally.Balance);
            Move(reset.At, tally, GrantMovementKind.ForfeitedAtReset, Math.Max(0m, tally.Balance - rolledOver));
            Move(reset.At, tally, GrantMovementKind.RaisedAtReset, Math.Max(0m, rolledOver - tally.Balance));
        }

        if (reset.Overage == OverageAtReset.Forgiven)
        {
            overageForgiven += overage;
            overage = 0m;
        }

        (periodStart, periodUsage, periodBurnt) = (reset.At, 0m, 0m);
    }

    private void PayOverage(Instant at)
    {
        foreach (var tally in inForce)
        {
            if (overage == 0m)
            {
                return;
            }

            var paid = Math.Min(tally.Balance, overage);
            Move(at, tally, GrantMovementKind.PaidOverage, paid);
            overage -= paid;
            AddToBurnt(paid);
        }
    }

    private void Move(Instant at, GrantTally tally, GrantMovementKind kind, decimal amount)
    {
        if (amount == 0m)
        {
            return;
        }

        if (kind is GrantMovementKind.Granted or GrantMovementKind.RaisedAtReset)
        {
            grantedInRun = GrantBounds.CheckedSum(grantedInRun + amount, "Granted");
        }

        tally.Move(kind, amount);
        movements.Add(new GrantMovement(at, tally.Grant.Id, kind, amount));
    }

    private void AddToBurnt(decimal amount) => periodBurnt = GrantBounds.CheckedSum(periodBurnt + amount, "Burn of the period");
}
