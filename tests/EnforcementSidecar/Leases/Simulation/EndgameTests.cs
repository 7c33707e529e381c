using System.Globalization;
using Metering.Testing;
using Xunit;

namespace Metering.EnforcementSidecar.Tests.Leases.Simulation;

/// <summary>
/// How much of a limit is left when somebody is denied for the first time: 100,000 units, 5,000 requests a second, Zipf's choice of sidecar, one
/// to three milliseconds to Host.
/// </summary>
public sealed class EndgameTests
{
    private const long Cap = 100_000;
    private const int RequestsPerSecond = 5_000;
    private const int TtlMilliseconds = 30_000;

    [Theory]
    [InlineData(4, false)]
    [InlineData(20, false)]
    [InlineData(4, true)]
    [InlineData(20, true)]
    public void Hardly_anything_is_left_at_the_first_denial_and_nothing_when_units_are_recalled(int sidecars, bool recalls)
    {
        var random = new SplitMix((ulong)sidecars);
        using var world = new LeaseWorld(random, Weather.Fair, sidecars, TtlMilliseconds, recalls);
        var entitlement = world.AddEntitlement(Cap);
        long? unspent = null;
        world.Denied = pool => unspent ??= pool.Allowed - pool.Admitted;
        var reach = Zipf(sidecars);
        var requests = 0;
        while (unspent is null)
        {
            var place = random.Below(1_000_000) / 1_000_000.0;
            world.Reserve(world.Sidecars[Array.FindIndex(reach, most => place < most)], entitlement, 1);
            world.RunFor(Weather.Second / RequestsPerSecond);
            requests++;
        }

        var percent = 100.0 * unspent.Value / Cap;
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"endgame: {sidecars} sidecars, {(recalls ? "guided + recall" : "guided")}: {world.Host.Exchanges} exchanges, "
            + $"{world.Host.Grants} leases, {world.Waits} waits, {percent:F3} % unspent at the first denial, after {requests} requests"));

        // With recall what is not spent yet is on its way to the requests that wait for it: at each sidecar one.
        Assert.InRange(unspent.Value, 0, recalls ? sidecars : Cap / 200);
    }

    private static double[] Zipf(int count)
    {
        var weights = Enumerable.Range(1, count).Select(rank => 1.0 / rank).ToArray();
        var sum = 0.0;
        var reach = weights.Select(weight => sum += weight / weights.Sum()).ToArray();
        reach[^1] = 1;
        return reach;
    }
}
