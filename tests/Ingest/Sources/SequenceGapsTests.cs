using FsCheck;
using FsCheck.Fluent;
using Metering.Ingest.Sources;
using NodaTime;
using Xunit;

namespace Metering.Ingest.Tests.Sources;

public sealed class SequenceGapsTests
{
    private static readonly Instant At = Instant.FromUtc(2026, 1, 1, 0, 0);

    /// <summary>What came, in order, and what is missing then.</summary>
    [Theory]
    [InlineData("1-5", "")]
    [InlineData("3-5", "1-2")]
    [InlineData("1-5 9-12", "6-8")]
    [InlineData("1-5 9-12 7-7", "6-6 8-8")]
    [InlineData("1-5 9-12 6-8", "")]
    [InlineData("1-5 9-12 1-20", "")]
    [InlineData("5-5 3-3 1-1", "2-2 4-4")]
    [InlineData("2-2 4-4 6-6 2-5", "1-1")]
    public void Gaps_open_and_fill(string came, string missing)
    {
        var gaps = new SequenceGaps(0, 0, []);
        foreach (var range in came.Split(' '))
        {
            gaps.Receive(long.Parse(range.Split('-')[0]), long.Parse(range.Split('-')[1]), At);
        }

        Assert.Equal(missing, string.Join(" ", gaps.Open.Select(gap => $"{gap.First}-{gap.Last}")));
    }

    [Fact]
    public void In_whatever_order_ranges_come_the_gaps_are_what_never_came()
    {
        var ranges = Gen.Choose(1, 60).SelectMany(first => Gen.Choose(0, 5), (first, length) => (First: first, Last: first + length));
        foreach (var came in ranges.ListOf().Sample(500, 30))
        {
            var gaps = new SequenceGaps(0, 0, []);
            foreach (var (first, last) in came)
            {
                gaps.Receive(first, last, At);
            }

            var numbers = came.SelectMany(range => Enumerable.Range(range.First, range.Last - range.First + 1)).ToHashSet();
            var missing = numbers.Count == 0 ? [] : Enumerable.Range(1, numbers.Max()).Except(numbers).ToArray();
            Assert.Equal(missing, gaps.Open.SelectMany(gap => Enumerable.Range((int)gap.First, (int)gap.Count)));
            Assert.Equal(missing.Length, gaps.Missing);
        }
    }

    [Fact]
    public void More_gaps_than_are_kept_are_still_counted()
    {
        var gaps = new SequenceGaps(0, 0, []);
        for (var number = 2L; number <= 2 * (SequenceGaps.MaxGaps + 10); number += 2)
        {
            gaps.Receive(number, number, At);
        }

        Assert.Equal(SequenceGaps.MaxGaps, gaps.Open.Count());
        Assert.Equal((10, SequenceGaps.MaxGaps + 10), (gaps.Forgotten, gaps.Missing));
    }
}
