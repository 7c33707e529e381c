using Metering.Contracts.Sidecar;
using Metering.EnforcementSidecar.Rates;
using Metering.EnforcementSidecar.Shares;
using NodaTime;
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
        var limiter = Whole(new RateLimitTerms(5, 60, 5));
        foreach (var row in table.Split('\n', StringSplitOptions.TrimEntries).Skip(1))
        {
            var cell = row.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            long Number(int i) => long.Parse(cell[i], System.Globalization.CultureInfo.InvariantCulture);
            var admitted = Take(limiter, Number(1), Epoch + (Number(0) * Second), out var state);
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
            var limiters = Enumerable.Range(0, sidecars).Select(_ => Of(terms, terms.Burst / sidecars)).ToArray();
            var now = Epoch;
            var admitted = new List<(long At, long Units)>();
            for (var i = 0; i < 400; i++)
            {
                now += chance.Between(0, terms.WindowSeconds * Second / 50);
                var units = chance.Between(1, 4);
                if (Take(limiters[chance.Between(0, sidecars - 1)], units, now, out _))
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
            var (tried, spared) = (Whole(terms), Whole(terms));
            var now = Epoch;
            for (var i = 0; i < 100; i++)
            {
                now += chance.Between(0, 3 * Second);
                var units = chance.Between(1, 5);
                if (chance.Between(0, 1) == 0)
                {
                    Assert.Equal(Take(spared, units, now, out var one), Take(tried, units, now, out var other));
                    Assert.Equal(one.Remaining, other.Remaining);
                }
                else
                {
                    RateLimiter[] limiters = [tried];
                    var seen = RateLimiter.ChangesOf(limiters);
                    if (Take(tried, units, now, out _))
                    {
                        RateLimiter.GiveBack(limiters, 1, units, seen);
                    }
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
            var limiter = Whole(new RateLimitTerms(chance.Between(1, 100), (int)chance.Between(1, 600), chance.Between(5, 50)));
            var now = Epoch;
            for (var i = 0; i < 50; i++)
            {
                var units = chance.Between(1, 5);
                if (!Take(limiter, units, now, out var state))
                {
                    Assert.False(Take(limiter, units, now + state.RetryAfterNanoseconds - 1, out _));
                    now += state.RetryAfterNanoseconds;
                    Assert.True(Take(limiter, units, now, out _), $"seed {seed}");
                }
            }
        }
    }

    [Fact]
    public void What_hands_a_share_on_hands_on_what_is_in_it_and_no_more()
    {
        var terms = new RateLimitTerms(60, 60, 60);
        var (from, to) = (Of(terms, 60), Of(terms, 0));
        Assert.True(Take(from, 40, Epoch, out _));

        var offer = from.Offer(ShareParts.Of(30, 60), 0, 0, At(Epoch), TimeProvider.System);
        Assert.Equal((ShareParts.Of(30, 60), 40_000_000L), (offer.Keeps, offer.FullInMicroseconds));
        to.Take(new ShareAnswer(true, ShareParts.Of(30, 60), ShareParts.Of(30, 60), 40_000_000, ShareParts.Whole, 0), long.MaxValue, At(Epoch));

        // 20 were left of 60. Each half has 10 of them, and fills by half of the rate.
        Assert.All([from, to], half => Assert.False(Take(half, 11, Epoch + 1_000, out _)));
        Assert.All([from, to], half => Assert.True(Take(half, 10, Epoch + 1_000, out _)));
        Assert.All([from, to], half => Assert.False(Take(half, 1, Epoch + Second, out _)));
        Assert.All([from, to], half => Assert.True(Take(half, 1, Epoch + (2 * Second) + 1_000, out _)));
    }

    [Fact]
    public void What_was_taken_by_a_share_that_changed_hands_is_not_given_back()
    {
        var terms = new RateLimitTerms(60, 60, 60);
        RateLimiter[] limiters = [Of(terms, 60)];
        var seen = RateLimiter.ChangesOf(limiters);
        Assert.True(Take(limiters[0], 30, Epoch, out _));
        limiters[0].Offer(ShareParts.Of(2, 60), 0, 0, At(Epoch), TimeProvider.System);

        RateLimiter.GiveBack(limiters, 1, 30, seen);
        Assert.Equal(1, limiters[0].Peek(Epoch).Remaining);
    }

    [Fact]
    public void Without_a_share_or_past_its_end_only_the_server_can_tell()
    {
        var limiter = new RateLimiter(new RateLimitTerms(60, 60, 60));
        Assert.Equal(TakeOutcome.NeedsShare, limiter.TryTake(1, Epoch, TimeProvider.System, out _));
        var all = new ShareAnswer(true, ShareParts.Whole, ShareParts.Whole, 0, ShareParts.Whole, 0);
        limiter.Take(all, TimeProvider.System.GetTimestamp(), At(Epoch));
        Assert.Equal(TakeOutcome.NeedsShare, limiter.TryTake(1, Epoch, TimeProvider.System, out _));
        Assert.Equal(TakeOutcome.Denied, limiter.TryTake(61, Epoch, TimeProvider.System, out var state));
        Assert.Equal(RateState.Never, state.RetryAfterNanoseconds);
    }

    [Fact]
    public void A_clock_that_was_set_back_locks_nobody_out_for_longer_than_a_bucket_takes_to_fill()
    {
        var limiter = Whole(new RateLimitTerms(5, 60, 5));
        Assert.True(Take(limiter, 5, Epoch, out _));
        var back = Epoch - (3_600 * Second);
        Assert.False(Take(limiter, 1, back, out _));
        Assert.True(Take(limiter, 1, back + (61 * Second), out _));
    }

    private static bool Take(RateLimiter limiter, long units, long now, out RateState state) =>
        limiter.TryTake(units, now, TimeProvider.System, out state) == TakeOutcome.Taken;

    private static RateLimiter Whole(RateLimitTerms terms) => Of(terms, terms.Burst);

    /// <summary>With so many units of the burst, and that part of the rate, for ever.</summary>
    private static RateLimiter Of(RateLimitTerms terms, long units)
    {
        var limiter = new RateLimiter(terms);
        var parts = ShareParts.Of(units, terms.Burst);
        limiter.Take(new ShareAnswer(true, parts, parts, 0, ShareParts.Whole, 0), long.MaxValue, Instant.FromUnixTimeTicks(0));
        return limiter;
    }

    private static Instant At(long nanoseconds) => Instant.FromUnixTimeTicks(nanoseconds / 100);

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
