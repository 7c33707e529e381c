using Metering.Testing;

namespace Metering.EnforcementSidecar.Tests.Leases.Simulation;

/// <summary>How the network and the machines of one run behave. Chances are out of ten thousand, times in microseconds.</summary>
internal sealed record Weather
{
    public const long Millisecond = 1_000;
    public const long Second = 1_000_000;

    /// <summary>Nothing is lost and nothing waits for longer than a few milliseconds.</summary>
    public static Weather Fair { get; } = new() { UsualDelay = 2 * Millisecond };

    public int Loss { get; init; }

    public int Duplication { get; init; }

    /// <summary>Of a message that is much later than usual, so that others overtake it.</summary>
    public int Straggling { get; init; }

    public long UsualDelay { get; init; }

    public long LongDelay { get; init; } = 6 * Second;

    /// <summary>Between two steps of the driver, not of each request.</summary>
    public int Crash { get; init; }

    public int Pause { get; init; }

    /// <summary>A machine is gone with everything that was written on it; another takes its place under another name.</summary>
    public int Ruin { get; init; }

    /// <summary>A request is stopped in the middle of being decided.</summary>
    public int Interruption { get; init; }

    public static Weather Of(SplitMix random) => random.Below(8) == 0
        ? Fair
        : new Weather
        {
            Loss = random.Below(2_500),
            Duplication = random.Below(800),
            Straggling = random.Below(1_500),
            UsualDelay = Millisecond * (1 + random.Below(40)),
            Crash = random.Below(250),
            Pause = random.Below(250),
            Ruin = random.Below(40),
            Interruption = random.Below(300),
        };

    public long DelayOf(SplitMix random) =>
        random.Chance(Straggling) ? (long)(random.Next() % (ulong)LongDelay) : (UsualDelay / 2) + random.Below((int)UsualDelay);
}
