using System.Net;
using Metering.EnforcementSidecar.Spooling;
using Xunit;

namespace Metering.EnforcementSidecar.Tests.Spooling;

public sealed class ShippingRulesTests
{
    [Theory]
    [InlineData(200, "Accepted")]
    [InlineData(204, "Accepted")]
    [InlineData(400, "Refused")]
    [InlineData(409, "Refused")]
    [InlineData(413, "Refused")]
    [InlineData(422, "Refused")]
    [InlineData(401, "TryAgain")]
    [InlineData(403, "TryAgain")]
    [InlineData(404, "TryAgain")]
    [InlineData(429, "TryAgain")]
    [InlineData(302, "TryAgain")]
    [InlineData(500, "TryAgain")]
    [InlineData(503, "TryAgain")]
    public void Only_an_answer_about_the_event_itself_gives_up_on_it(int status, string verdict) =>
        Assert.Equal(verdict, ShippingRules.Judge((HttpStatusCode)status).ToString());

    [Fact]
    public void A_split_keeps_order_and_loses_nothing()
    {
        for (var count = 2; count < 20; count++)
        {
            var batch = Enumerable.Range(0, count).Select(number => new SpoolRecord(number, [])).ToList();
            var (first, second) = ShippingRules.Split(batch);
            Assert.Equal(batch, [.. first, .. second]);
            Assert.True(first.Count < count && second.Count < count);
        }
    }

    [Fact]
    public void Tries_come_slower_and_never_slower_than_the_longest_delay()
    {
        Assert.Equal(
            [100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000, 5_000],
            Enumerable.Range(1, 9).Select(failures => (int)Math.Ceiling(RetrySchedule.DelayAfter(failures, 0.999_999).TotalMilliseconds)));
        Assert.Equal(TimeSpan.FromMilliseconds(2_500), RetrySchedule.DelayAfter(1_000, 0));
    }
}
