using System.Collections.Immutable;
using FsCheck.Fluent;
using Metering.Ingest.Usage;
using NodaTime;
using Xunit;

namespace Metering.Ingest.Tests.Usage;

public sealed class RollupSpansTests
{
    private static readonly Instant Start = Instant.FromUtc(2026, 1, 1, 0, 0);

    [Fact]
    public void Days_and_hours_together_cover_what_is_asked_once_and_no_window_begins_within_a_day()
    {
        var cases =
            from rollupFrom in Gen.Choose(0, 240)
            from length in Gen.Choose(1, 480)
            from excluded in Gen.Choose(0, 720).ListOf(2)
            from boundaries in Gen.Choose(0, 2_880).ListOf(6)
            from settled in Gen.Choose(0, 30).ListOf(25)
            select (rollupFrom, length, excluded, boundaries, settled);
        foreach (var (from, length, excluded, boundaries, settled) in cases.Sample(3_000, 50))
        {
            var split = new UsageSplit(Hour(from), Hour(from + length), [.. excluded.Order().Select(Hour)], []);
            ImmutableArray<Instant> windows = [.. boundaries.Order().Select(quarter => Start + Duration.FromMinutes(15 * quarter))];
            var spans = RollupSpans.Of(split, windows, [.. settled.Distinct().Order().Select(Day)]);

            var all = spans.Days.Concat(spans.Hours).OrderBy(span => span.From).ToArray();
            Assert.Equal(split.RollupFrom, all[0].From);
            Assert.Equal(split.RollupTo, all[^1].To);
            Assert.All(all.Zip(all.Skip(1)), pair => Assert.Equal(pair.First.To, pair.Second.From));
            Assert.True(spans.Days.Length <= RollupSpans.MaxRuns);
            foreach (var (runFrom, runTo) in spans.Days)
            {
                for (var day = runFrom; day < runTo; day += Duration.FromDays(1))
                {
                    Assert.Contains(day, settled.Select(Day));
                    Assert.DoesNotContain(windows, window => window > day && window < day + Duration.FromDays(1));
                    Assert.DoesNotContain(split.ExcludedHours, hour => hour >= day && hour < day + Duration.FromDays(1));
                }
            }
        }
    }

    [Fact]
    public void A_month_of_settled_days_is_one_run_and_the_rest_are_hours()
    {
        var split = new UsageSplit(Hour(5), Hour(31 * 24), [], []);
        var spans = RollupSpans.Of(split, [], [.. Enumerable.Range(0, 30).Select(Day)]);
        Assert.Equal([(Day(1), Day(30))], spans.Days);
        Assert.Equal([(Hour(5), Day(1)), (Day(30), Day(31))], spans.Hours);
    }

    private static Instant Hour(int hours) => Start + Duration.FromHours(hours);

    private static Instant Day(int days) => Hour(24 * days);
}
