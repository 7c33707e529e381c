using System.Diagnostics;
using Metering.Testing;
using Xunit;

namespace Metering.EnforcementSidecar.Tests.Leases.Simulation;

/// <summary>
/// The lease protocol, both sides of it the real classes, on a virtual clock: messages are lost, doubled, delayed and overtake each other;
/// processes crash, are stopped (also in the middle of a decision), machines are lost; limits change and periods end. After every single thing
/// that happens the account must be right. A seed that fails is named, and run again by
/// METERING_SIMULATION_SEED=n ./metering test EnforcementSidecar Simulation. METERING_SIMULATION_RUNS=100000 runs more of them.
/// </summary>
public sealed class LeaseSimulationTests
{
    private const int Runs = 2_000;
    private const int Steps = 60;

    [Fact]
    public void Whatever_happens_to_messages_and_machines_no_unit_is_spent_twice_and_every_unit_is_accounted_for()
    {
        var one = Number("METERING_SIMULATION_SEED");
        var (first, runs) = one is { } seed ? (seed, 1) : (1, Number("METERING_SIMULATION_RUNS") ?? Runs);
        var started = Stopwatch.GetTimestamp();
        for (var i = first; i < first + runs; i++)
        {
            try
            {
                Run(i, _ => { });
            }
            catch (Exception exception)
            {
                throw new InvalidOperationException(
                    $"Seed {i} failed; again: METERING_SIMULATION_SEED={i} ./metering test EnforcementSidecar Simulation\n{exception.Message}",
                    exception);
            }
        }

        var seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        Console.WriteLine($"lease simulation: {runs} runs from seed {first}, {runs / seconds:F0} a second");
    }

    /// <summary>The simulation is worth something only if it finds what is wrong.</summary>
    [Fact]
    public void A_server_that_takes_leases_back_before_they_are_over_is_found_out() =>
        Assert.Contains(Enumerable.Range(1, 50), seed => Fails(seed, world => world.Host.TakesBackAfterMilliseconds = world.TtlMilliseconds / 2));

    [Fact]
    public void A_server_that_grants_what_was_closed_before_is_found_out() =>
        Assert.Contains(Enumerable.Range(1, 500), seed => Fails(seed, world => world.Host.ForgetsWhatWasClosedUnseen = true));

    private static bool Fails(int seed, Action<LeaseWorld> spoil)
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

    private static void Run(int seed, Action<LeaseWorld> spoil)
    {
        var random = new SplitMix(unchecked((ulong)seed * 0xD1B5_4A32_D192_ED03));
        var weather = Weather.Of(random);
        using var world = new LeaseWorld(
            random, weather, sidecars: 1 + random.Below(5), ttlMilliseconds: 1_500 + random.Below(4_000), recalls: random.Below(2) == 0);
        spoil(world);
        var entitlements = Enumerable.Range(0, 1 + random.Below(2)).Select(_ => world.AddEntitlement(random.Below(200))).ToArray();
        for (var step = 0; step < Steps; step++)
        {
            world.RunFor(random.Below(random.Chance(1_000) ? 3_000_000 : 150_000));
            Step(world, weather, random, entitlements);
        }

        world.Calm();
        world.VerifyAccountIsClosed();
        foreach (var entitlement in entitlements)
        {
            VerifyTheRestCanBeHad(world, entitlement);
        }
    }

    private static void Step(LeaseWorld world, Weather weather, SplitMix random, string[] entitlements)
    {
        var sidecar = world.Sidecars[random.Below(world.Sidecars.Count)];
        var entitlement = entitlements[random.Below(entitlements.Length)];
        if (random.Chance(weather.Crash))
        {
            world.Crash(sidecar);
        }
        else if (random.Chance(weather.Pause))
        {
            world.Pause(sidecar, random.Below(world.TtlMilliseconds * 3) * Weather.Millisecond);
        }
        else if (random.Chance(weather.Ruin))
        {
            world.Ruin(sidecar);
        }
        else if (random.Chance(100))
        {
            world.Allow(entitlement, random.Below(200));
        }
        else if (random.Chance(50))
        {
            world.Turn(_ => random.Below(200));
        }

        for (var requests = random.Below(8); requests > 0; requests--)
        {
            if (random.Chance(weather.Interruption))
            {
                world.Interrupt(random.Below(4), random.Below(world.TtlMilliseconds * 2) * Weather.Millisecond);
            }

            world.Reserve(world.Sidecars[random.Below(world.Sidecars.Count)], entitlement, 1 + random.Below(random.Chance(500) ? 40 : 3));
        }
    }

    /// <summary>In calm nobody is denied what is there, and nobody gets what is not.</summary>
    private static void VerifyTheRestCanBeHad(LeaseWorld world, string entitlement)
    {
        world.Tell();
        world.RunFor(2 * Weather.Second);
        var pool = world.Host.InForce(entitlement)!;
        var (rest, before) = (pool.Free, pool.Admitted);
        if (rest > 0)
        {
            world.Reserve(world.Sidecars[0], entitlement, rest);
            world.RunFor(2 * Weather.Second);
            Assert.Equal(before + rest, pool.Admitted);
        }

        var denials = world.Denials;
        world.Reserve(world.Sidecars[0], entitlement, 1);
        world.RunFor(2 * Weather.Second);
        Assert.Equal(denials + 1, world.Denials);
        Assert.Equal(before + Math.Max(0, rest), pool.Admitted);
    }

    private static int? Number(string variable) => int.TryParse(Environment.GetEnvironmentVariable(variable), out var number) ? number : null;
}
