using Metering.Testing;

namespace Metering.EnforcementSidecar.Tests.Leases.Simulation;

/// <summary>What is going to happen when: messages underway, timers, the ends of pauses. What is due at the same time keeps its order.</summary>
internal sealed class SimulatedNetwork(VirtualClock clock, SplitMix random, Weather weather)
{
    private readonly PriorityQueue<Action, (long At, long Order)> due = new();
    private long order;

    /// <summary>Fair from then on: what has to come to an end can do so.</summary>
    public Weather Weather { get; set; } = weather;

    public void After(long delay, Action happens) => due.Enqueue(happens, (clock.Now + delay, order++));

    /// <summary>Late, twice, or never.</summary>
    /// <param name="once">HTTP delivers no question a second time after it was answered.</param>
    public void Send(Action arrives, bool once = false)
    {
        if (!once && random.Chance(Weather.Duplication))
        {
            After(Weather.DelayOf(random), arrives);
        }

        if (!random.Chance(Weather.Loss))
        {
            After(Weather.DelayOf(random), arrives);
        }
    }

    /// <summary>Lets happen what is due until then, and stands there.</summary>
    /// <param name="verify">After every single thing.</param>
    public void RunUntil(long until, Action verify)
    {
        while (due.TryPeek(out var happens, out var at) && at.At <= until)
        {
            due.Dequeue();
            clock.Now = Math.Max(clock.Now, at.At);
            happens();
            verify();
        }

        clock.Now = Math.Max(clock.Now, until);
    }
}
