using Metering.Contracts.Sidecar;
using Metering.Testing;
using Xunit;

namespace Metering.Subscriptions.Tests.Leases;

/// <summary>Many sidecars at once against the real database.</summary>
public sealed class LeaseConcurrencyTests
{
    private const int Sidecars = 8;
    private const int Cap = 5_000;
    private const int MaxRounds = 1_000;

    [Theory]
    [InlineData(1u)]
    [InlineData(2u)]
    public async Task Together_they_spend_exactly_the_cap_and_every_unit_is_accounted_for(uint seed)
    {
        await using var host = await Shop.OpenAsync();
        var entitlement = await Shop.CustomerOnAsync(host, "pro");

        var results = await Task.WhenAll(Enumerable.Range(0, Sidecars).Select(number => SpendAllAsync(host, entitlement, number, seed)));

        var pool = Assert.Single((await host.GetAsync("/api/v1/sidecar/pools"))["items"]!.AsArray())!;
        var (spent, lost) = (results.Sum(result => result.Spent), results.Sum(result => result.Lost));
        Assert.Equal(spent, (long)pool["settled"]!);
        Assert.Equal(lost, (long)pool["held"]!);
        Assert.Equal(Cap, spent + lost);
        Assert.True((bool)pool["conserves"]!);
    }

    /// <summary>
    /// Asks, spends, reports, repeats some calls, and sometimes loses an answer for good, as a sidecar does that dies: those units stay held.
    /// </summary>
    private static async Task<(long Spent, long Lost)> SpendAllAsync(TestHost host, string entitlement, int number, uint seed)
    {
        var dice = new Dice((seed * 1_000) + (uint)number);
        var (sidecar, spent, lost) = ($"sidecar-{number}", 0L, 0L);
        for (var round = 0; round < MaxRounds; round++)
        {
            var request = new LeaseExchangeRequest(
                sidecar, [], [new LeaseRequest(LeaseCalls.NewId(host), entitlement, Wanted: dice.Next(400), Needed: 1)]);
            var answer = (await host.ExchangeAsync(request)).Leases[0];
            if (answer.Outcome == LeaseOutcome.Exhausted)
            {
                return (spent, lost);
            }

            if (dice.Next(4) == 0)
            {
                Assert.Equal(answer.Granted, (await host.ExchangeAsync(request)).Leases[0].Granted);
            }

            if (dice.Next(10) == 0)
            {
                lost += answer.Granted;
                continue;
            }

            var half = dice.Next((uint)answer.Granted + 1);
            Assert.Equal(ReportOutcome.Recorded, await host.ReportAsync(answer.LeaseId, half, sidecar: sidecar));
            Assert.Equal(ReportOutcome.Recorded, await host.ReportAsync(answer.LeaseId, answer.Granted, close: true, sidecar: sidecar));
            spent += answer.Granted;
        }

        throw new InvalidOperationException($"{sidecar} was not done after {MaxRounds} rounds.");
    }

    /// <summary>A seeded generator, so that a failing run can be run again.</summary>
    private sealed class Dice(uint seed)
    {
        private uint state = unchecked(seed * 2_654_435_761u) | 1;

        public long Next(uint below)
        {
            state ^= state << 13;
            state ^= state >> 17;
            state ^= state << 5;
            return state % below;
        }
    }
}
