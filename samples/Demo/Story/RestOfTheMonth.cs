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
        var hours = (int)(to - from).TotalHours;
        var perHour = tokens / hours;
        for (var start = 0; start < hours; start += EventsPerBatch)
        {
            var batch = Enumerable.Range(start, Math.Min(EventsPerBatch, hours - start))
                .Select(hour => EventOf(customer, hour, from.AddHours(hour), hour == hours - 1 ? tokens - (perHour * (hours - 1)) : perHour));
            await api.PostEventsAsync(new JsonArray([.. batch]), cancellationToken);
        }

        return hours;
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
