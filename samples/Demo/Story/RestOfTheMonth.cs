using System.Text.Json.Nodes;

namespace Metering.Demo.Story;

/// <summary>
/// What the morning's minutes can not show: a month of real use. It is posted straight to the API, as a gateway that meters
/// by itself would post its hourly sums: one event per customer and hour.
/// </summary>
public sealed class RestOfTheMonth(HostApi api)
{
    private const string Source = "demo/hourly-sums";
    private const int EventsPerBatch = 500;

    /// <returns>How many events were posted, and that many requests counted.</returns>
    public async Task<int> PostAsync(DemoCustomer customer, long tokens, DateTimeOffset from, DateTimeOffset to, CancellationToken cancellationToken)
    {
        var times = Enumerable.Range(0, (int)(to - from).TotalHours).Select(hour => from.AddHours(hour)).ToArray();
        var busyness = times.Sum(Busyness);
        var posted = 0L;
        var batch = new JsonArray();
        for (var hour = 0; hour < times.Length; hour++)
        {
            // The last hour takes what rounding left, so that the month comes to exactly the total.
            var share = hour == times.Length - 1 ? tokens - posted : tokens * Busyness(times[hour]) / busyness;
            posted += share;
            batch.Add(EventOf(customer, hour, times[hour], share));
            if (batch.Count == EventsPerBatch || hour == times.Length - 1)
            {
                await api.PostEventsAsync(batch, cancellationToken);
                batch = [];
            }
        }

        return times.Length;
    }

    /// <summary>Offices work by day and on weekdays, each a little differently; the shape is made up, the total is not.</summary>
    private static long Busyness(DateTimeOffset time)
    {
        var byDay = time.DayOfWeek is DayOfWeek.Saturday or DayOfWeek.Sunday ? 4 : 10;
        var byHour = time.Hour is >= 8 and < 19 ? 8 : 1;
        return byDay * byHour * (20 + (time.Day * 7 % 11));
    }

    private static JsonObject EventOf(DemoCustomer customer, int hour, DateTimeOffset time, long tokens) => new()
    {
        ["specversion"] = "1.0",
        ["id"] = $"{customer.Key}-{hour:D4}",
        ["source"] = Source,
        ["type"] = "ai.completion",
        ["subject"] = customer.Subject,
        ["time"] = StoryClock.Format(time),
        ["data"] = new JsonObject { ["model"] = "stub-1", ["total_tokens"] = tokens },
    };
}
