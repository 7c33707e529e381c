using System.Diagnostics;
using Metering.Contracts.Sidecar;
using Metering.EnforcementSidecar.Tests.Leases.Simulation;
using Metering.Testing;
using Xunit;

namespace Metering.EnforcementSidecar.Tests.Shares.Simulation;

/// <summary>
/// How limits are divided, both sides of it the real classes, on a virtual clock: messages are lost, doubled, delayed and overtake each other;
/// sidecars come and go, crash, are stopped (also in the middle of a decision), machines are lost. What all of them let through together is
/// measured against the whole limit whenever something is let through. A seed that fails is named, and run again by
/// METERING_SIMULATION_SEED=n ./metering test EnforcementSidecar ShareSimulation. METERING_SIMULATION_RUNS=100000 runs more of them.
/// </summary>
public sealed class ShareSimulationTests
{
    private const int Runs = 2_000;
    private const int Steps = 60;

    [Fact]
    public void Whatever_happens_to_messages_and_machines_the_sidecars_together_let_through_no_more_than_the_limit()
    {
        var one = Number("METERING_SIMULATION_SEED");
        var (first, runs) = one is { } seed ? (seed, 1) : (1, Number("METERING_SIMULATION_RUNS") ?? Runs);
        var started = Stopwatch.GetTimestamp();
        var total = default(Total);
        for (var i = first; i < first + runs; i++)
        {
            try
            {
                total = total.And(Run(i, _ => { }));
            }
            catch (Exception exception)
            {
                throw new InvalidOperationException(
                    $"Seed {i} failed; again: METERING_SIMULATION_SEED={i} ./metering test EnforcementSidecar ShareSimulation\n{exception.Message}",
                    exception);
            }
        }

        var seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        Console.WriteLine($"share simulation: {runs} runs from seed {first}, {runs / seconds:F0} a second; {total}");
    }

    /// <summary>The simulation is worth something only if it finds what is wrong.</summary>
    [Fact]
    public void A_server_that_takes_shares_back_before_they_are_over_is_found_out() =>
        Assert.Contains(Enumerable.Range(1, 300), seed => Fails(seed, world => world.Host.TakesBackEarlyMicroseconds = 6_000_000));

    [Fact]
    public void A_server_that_forgets_how_full_a_share_was_that_came_back_is_found_out() =>
        Assert.Contains(Enumerable.Range(1, 300), seed => Fails(seed, world => world.Host.ForgetsHowFull = true));

    [Fact]
    public void A_server_that_takes_the_requests_of_a_dead_sidecar_for_ended_is_found_out() =>
        Assert.Contains(Enumerable.Range(1, 300), seed => Fails(seed, world => world.Host.ForgetsWhatLingers = true));

    private static bool Fails(int seed, Action<ShareWorld> spoil)
    {
        try
        {
            Run(seed, spoil);
            return false;
        }
        catch (Xunit.Sdk.XunitException)
        {
            return true;
        }
    }

    private static Total Run(int seed, Action<ShareWorld> spoil)
    {
        var random = new SplitMix(unchecked((ulong)seed * 0xD1B5_4A32_D192_ED03));
        var weather = Weather.Of(random);
        var rate = new RateLimitTerms(1 + random.Below(200), 1 + random.Below(20), 1 + random.Below(random.Chance(5_000) ? 5 : 60));
        var concurrency = new ConcurrencyTerms(1 + random.Below(12), 1 + random.Below(6));
        var world = new ShareWorld(random, weather, 1 + random.Below(5), 1_500 + random.Below(4_000), rate, concurrency);
        spoil(world);
        for (var step = 0; step < Steps; step++)
        {
            world.RunFor(random.Below(random.Chance(1_000) ? 3_000_000 : 150_000));
            Step(world, weather, random);
        }

        var total = new Total(world.Passed, world.Entered, world.Denials, world.Undecided);
        world.Calm();
        VerifyTheWholeCanBeHad(world, random);
        return total;
    }

    private static void Step(ShareWorld world, Weather weather, SplitMix random)
    {
        var guard = world.Guards[random.Below(world.Guards.Count)];
        if (random.Chance(weather.Crash))
        {
            world.Crash(guard);
        }
        else if (random.Chance(weather.Crash))
        {
            world.Stop(guard);
        }
        else if (random.Chance(weather.Pause))
        {
            world.Pause(guard, random.Below(world.TtlMilliseconds * 3) * Weather.Millisecond);
        }
        else if (random.Chance(weather.Ruin))
        {
            world.Ruin(guard);
        }

        for (var requests = random.Below(8); requests > 0; requests--)
        {
            if (random.Chance(weather.Interruption))
            {
                world.Interrupt(random.Below(4), random.Below(world.TtlMilliseconds * 2) * Weather.Millisecond);
            }

            var at = world.Guards[random.Below(world.Guards.Count)];
            if (random.Below(2) == 0)
            {
                world.Pass(at, 1 + random.Below((int)Math.Min(4, world.Rate.Burst)));
            }
            else
            {
                world.Enter(at);
            }
        }
    }

    /// <summary>In calm one sidecar alone may let everything through, and not one more.</summary>
    private static void VerifyTheWholeCanBeHad(ShareWorld world, SplitMix random)
    {
        var guard = world.Guards[random.Below(world.Guards.Count)];
        var (passed, entered) = (world.Passed, world.Entered);
        Assert.Equal(0, world.InFlight);
        for (var i = 0L; i < world.Rate.Burst; i++)
        {
            world.Pass(guard, 1);
        }

        for (var i = 0; i < world.Concurrency.Limit; i++)
        {
            world.Enter(guard);
        }

        world.RunFor(20 * Weather.Millisecond);
        Assert.Equal((passed + world.Rate.Burst, entered + world.Concurrency.Limit), (world.Passed, world.Entered));
    }

    private static int? Number(string variable) => int.TryParse(Environment.GetEnvironmentVariable(variable), out var number) ? number : null;

    private readonly record struct Total(long Passed, long Entered, long Denials, long Undecided)
    {
        public Total And(Total other) =>
            new(Passed + other.Passed, Entered + other.Entered, Denials + other.Denials, Undecided + other.Undecided);
    }
}
