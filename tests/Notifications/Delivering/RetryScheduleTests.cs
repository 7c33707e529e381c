using Metering.Notifications.Delivering;
using NodaTime;
using Xunit;

namespace Metering.Notifications.Tests.Delivering;

public sealed class RetryScheduleTests
{
    [Fact]
    public void Tries_come_ever_more_rarely_and_end()
    {
        var delays = Enumerable.Range(1, RetrySchedule.MaxTries).Select(tries => RetrySchedule.DelayAfter(tries, 0, null)).ToList();

        Assert.Equal(Duration.FromSeconds(5), delays[0]);
        Assert.Equal(delays.SkipLast(1).Order(), delays.SkipLast(1));
        Assert.Null(delays[^1]);
        Assert.Null(RetrySchedule.DelayAfter(RetrySchedule.MaxTries + 5, 0, null));
    }

    [Fact]
    public void Chance_adds_up_to_a_tenth_and_takes_nothing_away()
    {
        Assert.Equal(Duration.FromSeconds(330), RetrySchedule.DelayAfter(2, 1, null));
        Assert.Equal(Duration.FromSeconds(300), RetrySchedule.DelayAfter(2, 0, null));
    }

    [Theory]
    [InlineData(1, 60, 60)]
    [InlineData(2, 60, 300)]
    [InlineData(1, 1_000_000, 86_400)]
    public void A_receiver_is_waited_for_as_long_as_it_asks_within_a_day(int tries, int asked, int expected) =>
        Assert.Equal(Duration.FromSeconds(expected), RetrySchedule.DelayAfter(tries, 0, Duration.FromSeconds(asked)));
}
