using Metering.EnforcementSidecar.Deciding;
using Metering.EnforcementSidecar.Identifiers;
using Metering.EnforcementSidecar.Leases;
using Metering.EnforcementSidecar.Shares;
using Metering.EnforcementSidecar.Tests.Leases.Simulation;

namespace Metering.EnforcementSidecar.Tests.Shares.Simulation;

/// <summary>Requests, as DecisionEngine treats them, and what has to be true of all that are admitted together.</summary>
internal sealed partial class ShareWorld
{
    private const string Customer = "customer";
    private const string Feature = "feature";

    // Until when, at the latest. By the clock, not by what has been delivered: while a process is stopped nothing is.
    private readonly Dictionary<UInt128, long> inFlight = [];
    private double level;
    private long levelAt;

    public long Passed { get; private set; }

    public int Entered { get; private set; }

    public int Denials { get; private set; }

    public int Undecided { get; private set; }

    public int InFlight => inFlight.Values.Count(until => until > Clock.Now);

    /// <summary>A request is stopped after so many looks at the clock.</summary>
    public void Interrupt(int reads, long microseconds) => Clock.LeapAfter(reads, microseconds);

    /// <summary>One request that a rate counts.</summary>
    public void Pass(SimulatedGuard guard, long units) => In(guard, guard.Start, () => Decide(guard, isRate: true, units, GivesUpAt));

    /// <summary>One request that is in flight for a while, perhaps for longer than it may.</summary>
    public void Enter(SimulatedGuard guard) => In(guard, guard.Start, () => Decide(guard, isRate: false, 1, GivesUpAt));

    private long GivesUpAt => Clock.Now + (long)DecisionEngine.MaxWait.TotalMicroseconds;

    private void Decide(SimulatedGuard guard, bool isRate, long units, long givesUpAt)
    {
        Clock.Reads.Clear();
        var startedAt = Clock.Now;
        var outcome = isRate ? TryPass(guard, units, startedAt) : TryEnter(guard);
        Clock.LeapNoMore();
        Denials += outcome == TakeOutcome.Denied ? 1 : 0;
        if (outcome != TakeOutcome.NeedsShare)
        {
            return;
        }

        LocalLimit limit = isRate ? guard.Limiter : guard.Slots;
        if (Clock.Now < givesUpAt && guard.Dialogue.AccountOf(Customer, Feature, limit) is { } account)
        {
            guard.Waiting.Add((isRate, units, givesUpAt, account.AskAsync(units)));
        }
        else
        {
            Undecided++;
        }
    }

    private TakeOutcome TryPass(SimulatedGuard guard, long units, long startedAt)
    {
        var outcome = guard.Limiter.TryTake(units, guard.Time.Now.ToUnixTimeTicks() * 100, Clock, out _);
        if (outcome == TakeOutcome.Taken)
        {
            // One bucket for all of them: what it has not been paid for by the time of the request is too much.
            level = Math.Max(0, level - ((startedAt - levelAt) / 1e6 * Rate.Limit / Rate.WindowSeconds)) + units;
            levelAt = startedAt;
            Passed += units;
            Require(level <= Rate.Burst + 1e-6, $"{level} units at once of a burst of {Rate.Burst}, {Rate.Limit} per {Rate.WindowSeconds} s");
        }

        return outcome;
    }

    private TakeOutcome TryEnter(SimulatedGuard guard)
    {
        var id = Ulid.New(guard.Time.Now);
        var now = Clock.GetTimestamp();
        var deadline = now + (Concurrency.MaxSeconds * Weather.Second);
        var outcome = guard.Slots.TryTake(id, now, deadline, out _, out _);
        if (outcome != TakeOutcome.Taken)
        {
            return outcome;
        }

        var (start, ends) = (guard.Start, now + random.Below((int)(Concurrency.MaxSeconds * 3 * Weather.Second / 2)));
        inFlight.Add(id, Math.Min(ends, deadline));
        Entered++;
        Require(InFlight <= Concurrency.Limit, $"{InFlight} requests are in flight of {Concurrency.Limit}");
        network.After(Math.Max(0, ends - Clock.Now) + 1, () => In(guard, start, () => guard.Slots.Release(id)));
        return outcome;
    }

    private void GoOnWaiting(SimulatedGuard guard)
    {
        for (var i = 0; i < guard.Waiting.Count; i++)
        {
            var waiting = guard.Waiting[i];
            if (waiting.Answer.IsCompleted)
            {
                guard.Waiting.RemoveAt(i--);
                if (waiting.Answer.Result == AcquireOutcome.Answered && waiting.GivesUpAt > Clock.Now)
                {
                    Decide(guard, waiting.IsRate, waiting.Units, waiting.GivesUpAt);
                }
                else
                {
                    Undecided++;
                }
            }
        }
    }
}
