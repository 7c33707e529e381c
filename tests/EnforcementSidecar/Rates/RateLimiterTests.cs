using Metering.Contracts.Sidecar;
using Metering.EnforcementSidecar.Rates;
using Xunit;

namespace Metering.EnforcementSidecar.Tests.Rates;

public sealed class RateLimiterTests
{
    private const long Second = 1_000_000_000;
    private const long Epoch = 1_768_467_600 * Second;

    [Fact]
    public void A_burst_passes_at_once_and_then_one_by_one()
    {
        const string table = """
            second  units  admitted  left  retry after
                 0      5       yes     0            0
                 0      1        no     0           12
                11      1        no     0            1
                12      1       yes     0            0
                36      2       yes     0            0
               996      3       yes     2            0
               996      6        no     2        never
               900      1        no     0           12
            """;
        var limiter = new RateLimiter(new RateLimitTerms(5, 60, 5));
        foreach (var row in table.Split('\n', StringSplitOptions.TrimEntries).Skip(1))
        {
            var cell = row.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            long Number(int i) => long.Parse(cell[i], System.Globalization.CultureInfo.InvariantCulture);
            var admitted = limiter.TryTake(Number(1), Epoch + (Number(0) * Second), 1, out var state);
            var retry = state.RetryAfterNanoseconds == RateState.Never ? "never" : $"{state.RetryAfterNanoseconds / Second}";
            Assert.Equal((row, cell[2] == "yes", Number(3), cell[4]), (row, admitted, state.Remaining, retry));
        }
    }

    [Fact]
    public void Whatever_comes_the_sidecars_together_never_admit_more_than_burst_and_rate_allow()
    {
        for (uint seed = 1; seed <= 300; seed++)
        {
            var chance = new Chance(seed);
            var terms = new RateLimitTerms(chance.Between(1, 1_000), (int)chance.Between(1, 3_600), chance.Between(8, 500));
            var sidecars = (int)chance.Between(1, 8);
            var limiters = Enumerable.Range(0, sidecars).Select(_ => new RateLimiter(terms)).ToArray();
            var now = Epoch;
            var admitted = new List<(long At, long Units)>();
            for (var i = 0; i < 400; i++)
            {
                now += chance.Between(0, terms.WindowSeconds * Second / 50);
                var units = chance.Between(1, 4);
                if (limiters[chance.Between(0, sidecars - 1)].TryTake(units, now, sidecars, out _))
                {
                    admitted.Add((now, units));
                }
            }

            for (var from = 0; from < admitted.Count; from += 7)
            {
                var sum = 0L;
                for (var to = from; to < admitted.Count; to++)
                {
                    sum += admitted[to].Units;
                    var span = admitted[to].At - admitted[from].At;
                    var most = terms.Burst + (double)terms.Limit * span / (terms.WindowSeconds * (double)Second);
                    Assert.True(sum <= most + 1e-6, $"seed {seed}: {sum} units in {span} ns, at most {most}");
                }
            }
        }
    }

    [Fact]
    public void What_is_given_back_was_never_taken()
    {
        for (uint seed = 1; seed <= 200; seed++)
        {
            var chance = new Chance(seed);
            var terms = new RateLimitTerms(chance.Between(1, 100), 60, chance.Between(1, 50));
            var (tried, spared) = (new RateLimiter(terms), new RateLimiter(terms));
            var now = Epoch;
            for (var i = 0; i < 100; i++)
            {
                now += chance.Between(0, 3 * Second);
                var units = chance.Between(1, 5);
                if (chance.Between(0, 1) == 0)
                {
                    Assert.Equal(spared.TryTake(units, now, 1, out var one), tried.TryTake(units, now, 1, out var other));
                    Assert.Equal(one.Remaining, other.Remaining);
                }
                else if (tried.TryTake(units, now, 1, out _))
                {
                    tried.GiveBack(units, 1);
                }
            }
        }
    }

    [Fact]
    public void When_the_wait_is_over_the_request_passes()
    {
        for (uint seed = 1; seed <= 300; seed++)
        {
            var chance = new Chance(seed);
            var limiter = new RateLimiter(new RateLimitTerms(chance.Between(1, 100), (int)chance.Between(1, 600), chance.Between(5, 50)));
            var now = Epoch;
            for (var i = 0; i < 50; i++)
            {
                var units = chance.Between(1, 5);
                if (!limiter.TryTake(units, now, 1, out var state))
                {
                    Assert.False(limiter.TryTake(units, now + state.RetryAfterNanoseconds - 1, 1, out _));
                    now += state.RetryAfterNanoseconds;
                    Assert.True(limiter.TryTake(units, now, 1, out _), $"seed {seed}");
                }
            }
        }
    }

    /// <summary>xorshift: the same numbers on every machine for a seed that a failure names.</summary>
    private sealed class Chance(uint seed)
    {
        private ulong state = seed * 0x9E37_79B9UL;

        public long Between(long least, long most)
        {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            return least + (long)(state % (ulong)(most - least + 1));
        }
    }
}
