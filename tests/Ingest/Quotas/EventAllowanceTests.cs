using Metering.Ingest.Quotas;
using Metering.Platform.Security;
using Xunit;

namespace Metering.Ingest.Tests.Quotas;

public sealed class EventAllowanceTests
{
    private const long Second = TimeSpan.TicksPerSecond;

    [Fact]
    public void What_is_taken_comes_back_with_time()
    {
        // One event a second, five at once. At: seconds. Takes → admitted, left, seconds until one is admitted.
        const string Table = """
            at 100 take 3  → yes left 2 retry 0
            at 100 take 2  → yes left 0 retry 1
            at 100 take 1  → no  left 0 retry 1
            at 101 take 1  → yes left 0 retry 1
            at 103 take 10 → yes left 0 retry 9
            at 111 take 1  → no  left 0 retry 1
            at 112 take 1  → yes left 0 retry 1
            at 500 take 0  → yes left 5 retry 0
            """;
        var allowance = new EventAllowance(new IngestQuota(60, 5), 0);

        foreach (var row in Table.Split('\n', StringSplitOptions.TrimEntries))
        {
            var words = row.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            var state = allowance.Take(long.Parse(words[3]), long.Parse(words[1]) * Second);
            var told = $"{(state.Admits ? "yes" : "no")} left {state.Left} retry {(int)state.RetryAfter.TotalSeconds}";
            Assert.True(told == string.Join(' ', words[5..]), $"{row}: {told}");
        }
    }

    [Fact]
    public void However_requests_are_cut_no_more_than_the_quota_and_a_burst_and_one_request_pass()
    {
        foreach (var size in new[] { 1, 7, 100, 1_000 })
        {
            var allowance = new EventAllowance(new IngestQuota(6_000, 500), 0);
            var admitted = 0L;
            for (var tick = 0; tick < 600; tick++)
            {
                admitted += allowance.Take(size, Second + (tick * Second / 10)).Admits ? size : 0;
            }

            // A minute.
            Assert.InRange(admitted, Math.Min(6_000, size * 600), 6_000 + 500 + size);
        }
    }

    [Fact]
    public void What_is_given_back_can_be_taken_again()
    {
        var allowance = new EventAllowance(new IngestQuota(60, 5), 0);

        allowance.Take(5, Second);
        allowance.GiveBack(5);

        Assert.Equal(5, allowance.Look(Second).Left);
    }
}
