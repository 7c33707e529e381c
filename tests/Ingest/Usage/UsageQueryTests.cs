using System.Text.Json.Nodes;
using Metering.Ingest.Usage;
using Metering.Testing;
using Microsoft.Extensions.DependencyInjection;
using NodaTime;
using Xunit;

namespace Metering.Ingest.Tests.Usage;

public sealed class UsageQueryTests
{
    [Fact]
    public async Task Each_event_counts_for_itself_in_order_of_time_and_id_as_its_watermark_saw_it()
    {
        await using var host = await TestHost.StartAsync();
        await host.MeterAsync("tokens");
        await host.PostEventsAsync(
            EventPosting.Event("b", "2026-01-14T10:00:00Z", new JsonObject { ["tokens"] = 2 }),
            EventPosting.Event("a", "2026-01-14T10:00:00Z", new JsonObject { ["tokens"] = 1.5 }),
            EventPosting.Event("c", "2026-01-14T09:00:00Z", new JsonObject { ["tokens"] = -3 }),
            EventPosting.Event("d", "2026-01-14T11:00:00Z", new JsonObject { ["tokens"] = 4 }),
            EventPosting.Event("e", "2026-01-14T10:00:00Z", new JsonObject { ["tokens"] = 5 }, subject: "globex"));
        var usage = host.Services.GetRequiredService<UsageReader>();
        var query = new UsageQuery("tokens", Instant.FromUtc(2026, 1, 14, 9, 0), Instant.FromUtc(2026, 1, 14, 11, 0))
        {
            Subjects = ["acme"], AsRecordedBy = await usage.CurrentWatermarkAsync(TestContext.Current.CancellationToken),
        };
        await host.PostEventsAsync(EventPosting.Event("f", "2026-01-14T10:30:00Z", new JsonObject { ["tokens"] = 6 }));

        Assert.Equal([-3m, 1.5m, 2m], await usage.ReadEachAsync(query, TestContext.Current.CancellationToken));
        Assert.Equal([-3m, 1.5m, 2m, 6m], await usage.ReadEachAsync(query with { AsRecordedBy = null }, TestContext.Current.CancellationToken));
        await Assert.ThrowsAsync<InvalidOperationException>(
            () => usage.ReadEachAsync(new UsageQuery("nothing", null, null), TestContext.Current.CancellationToken));
    }

    private const string Events = """
        id  time                        subject  model  tokens
        1   2026-01-10T08:15:00Z        acme     big    10
        2   2026-01-10T08:45:00Z        acme     small  4
        3   2026-01-10T18:29:59.999999Z acme     big    7
        4   2026-01-10T18:30:00Z        beta     big    1
        5   2026-01-11T00:00:00Z        beta     -      2.5
        6   2026-02-01T00:00:00Z        acme     small  100
        """;

    [Fact]
    public async Task Every_aggregation_answers_by_window_and_group()
    {
        await using var host = await TestHost.StartAsync("2026-03-01T00:00:00Z");
        foreach (var aggregation in new[] { "SUM", "COUNT", "MIN", "MAX", "AVG", "LATEST" })
        {
            await host.MeterAsync(aggregation.ToLowerInvariant(), aggregation, dimensions: "model");
        }

        await host.MeterAsync("models", "UNIQUE_COUNT", value: "$.model_or_none");
        await host.PostEventsAsync(Rows().Select(ToEvent));

        const string Table = """
            sum    from=2026-01-10T00:00:00Z&to=2026-01-11T00:00:00Z > 01-10 01-11 22
            sum    from=2026-01-10T08:15:00Z&to=2026-01-10T18:30:00Z > 01-10T08:15Z 01-10T18:30Z 21
            sum    from=2026-01-10T08:15:00.000001Z&to=2026-01-10T18:29:59.999999Z > 01-10T08:15:00.000001Z 01-10T18:29:59.999999Z 4
            sum    windowSize=MONTH > 01-01 02-01 24.5; 02-01 03-01 100
            sum    windowSize=DAY&windowTimeZone=Asia/Kolkata&to=2026-01-20T00:00:00Z > 01-09T18:30Z 01-10T18:30Z 21; 01-10T18:30Z 01-11T18:30Z 3.5
            sum    windowSize=HOUR&subject=beta > 01-10T18:00Z 01-10T19:00Z 1; 01-11 01-11T01:00Z 2.5
            sum    windowSize=MINUTE&subject=beta > 01-10T18:30Z 01-10T18:31Z 1; 01-11 01-11T00:01Z 2.5
            sum    windowSize=MONTH&groupBy=subject&to=2026-02-01T00:00:00Z > 01-01 02-01 acme 21; 01-01 02-01 beta 3.5
            sum windowSize=MONTH&groupBy=model&to=2026-02-01T00:00:00Z > 01-01 02-01 model=- 2.5; 01-01 02-01 model=big 18; 01-01 02-01 model=small 4
            sum    filterGroupBy[model]=small > 01-10T08:00Z 02-01T01:00Z 104
            sum    filterGroupBy[model]=small&filterGroupBy[model]=big&subject=acme&to=2026-02-01T00:00:00Z > 01-10T08:00Z 02-01 21
            count  windowSize=MONTH > 01-01 02-01 5; 02-01 03-01 1
            min    windowSize=MONTH > 01-01 02-01 1; 02-01 03-01 100
            max    windowSize=MONTH > 01-01 02-01 10; 02-01 03-01 100
            avg    windowSize=MONTH > 01-01 02-01 4.9; 02-01 03-01 100
            latest windowSize=MONTH&groupBy=subject > 01-01 02-01 acme 7; 01-01 02-01 beta 2.5; 02-01 03-01 acme 100
            latest from=2026-01-10T08:00:00Z&to=2026-01-10T18:29:59Z > 01-10T08:00Z 01-10T18:29:59Z 4
            models windowSize=MONTH > 01-01 02-01 3; 02-01 03-01 1
            models from=2026-01-10T08:30:00Z&to=2026-01-10T18:30:00Z > 01-10T08:30Z 01-10T18:30Z 2
            sum    from=2026-01-12T00:00:00Z&to=2026-01-13T00:00:00Z >
            """;

        foreach (var row in Table.Split('\n', StringSplitOptions.TrimEntries))
        {
            var cells = row.Split('>', StringSplitOptions.TrimEntries);
            var asked = cells[0].Split(' ', 2, StringSplitOptions.TrimEntries);

            var answer = await host.QueryAsync(asked[0], asked[1]);

            Assert.True(cells[1] == Short(answer), $"{row}\nanswered\n{Short(answer)}");
        }
    }

    [Fact]
    public async Task A_query_may_be_posted_and_asked_for_as_csv()
    {
        await using var host = await TestHost.StartAsync("2026-03-01T00:00:00Z");
        await host.MeterAsync("sum", dimensions: "model");
        await host.PostEventsAsync(Rows().Select(ToEvent));
        var quoted = EventPosting.Event("7", "2026-01-10T08:15:00Z", new JsonObject { ["tokens"] = 1, ["model"] = "=a \"big\", one" });
        await host.PostEventsAsync(quoted);

        var posted = await host.PostAsync("/api/v1/meters/sum/query", new JsonObject
        {
            ["from"] = "2026-01-10T00:00:00+01:00",
            ["subject"] = new JsonArray("acme"),
            ["filterGroupBy"] = new JsonObject { ["model"] = new JsonArray("small") },
            ["windowSize"] = "DAY", ["windowTimeZone"] = "Europe/Berlin",
        });
        const string Hour = "from=2026-01-10T08:00:00Z&to=2026-01-10T09:00:00Z";
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/api/v1/meters/sum/query?groupBy=model&groupBy=subject&{Hour}");
        request.Headers.Accept.ParseAdd("text/csv");
        using var response = await host.Client.SendAsync(request);

        var days = posted["data"]!.AsArray().Select(row => $"{row!["windowStart"]} {row["value"]}");
        Assert.Equal("2026-01-09T23:00:00Z 4, 2026-01-31T23:00:00Z 100", string.Join(", ", days));
        Assert.Equal("text/csv", response.Content.Headers.ContentType!.MediaType);
        Assert.Equal(
            "window_start,window_end,model,subject,value\r\n"
            + "2026-01-10T08:00:00Z,2026-01-10T09:00:00Z,\"'=a \"\"big\"\", one\",acme,1\r\n"
            + "2026-01-10T08:00:00Z,2026-01-10T09:00:00Z,big,acme,10\r\n"
            + "2026-01-10T08:00:00Z,2026-01-10T09:00:00Z,small,acme,4\r\n",
            await response.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task What_can_not_be_answered_names_the_parameter()
    {
        await using var host = await TestHost.StartAsync();
        await host.MeterAsync("sum", dimensions: "model");
        const string Table = """
            from=yesterday                                          ?from invalid_time
            from=2026-01-02T00:00:00Z&to=2026-01-02T00:00:00Z       ?to out_of_range
            windowSize=WEEK                                         ?windowSize unknown_value
            windowTimeZone=Europe/Springfield                       ?windowTimeZone unknown_value
            groupBy=colour                                          ?groupBy unknown_value
            filterGroupBy[colour]=red                               ?filterGroupBy[colour] unknown_value
            filterCustomerId=01G65Z755AFWAKHE12NY0CQ9FH             ?filterCustomerId unknown_customer
            filterCustomerId=acme                                   ?filterCustomerId invalid_id
            advancedMeterGroupByFilters=big                         ?advancedMeterGroupByFilters invalid_json
            advancedMeterGroupByFilters={"model":{"$gross":"1"}}    ?advancedMeterGroupByFilters invalid_json
            advancedMeterGroupByFilters={"model":{}}                ?advancedMeterGroupByFilters required
            advancedMeterGroupByFilters={"colour":{"$eq":"red"}}    ?advancedMeterGroupByFilters unknown_value
            advancedMeterGroupByFilters={"model":{"$in":[]}}        ?advancedMeterGroupByFilters invalid_value
            advancedMeterGroupByFilters={"model":{"$like":"a\\"}}  ?advancedMeterGroupByFilters invalid_pattern
            clientId=a-client-id-of-more-than-36-characters         ?clientId invalid_length
            colour=red                                              ?colour not_supported
            watermark=soon                                          ?watermark invalid_format
            windowSize=MINUTE&from=2020-01-01T00:00:00Z&to=2026-01-01T00:00:00Z ?windowSize too_fine
            """;

        foreach (var row in Table.Split('\n', StringSplitOptions.TrimEntries))
        {
            var cells = row.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            var problem = await host.GetAsync($"/api/v1/meters/sum/query?{cells[0]}", 400);
            Assert.Equal($"{cells[1]} {cells[2]}", $"{problem["errors"]![0]!["pointer"]} {problem["errors"]![0]!["code"]}");
        }

        await host.GetAsync("/api/v1/meters/nothing/query", 404);
    }

    [Fact]
    public async Task Subjects_and_dimension_values_can_be_listed()
    {
        await using var host = await TestHost.StartAsync("2026-02-01T08:00:00Z");
        await host.MeterAsync("sum", dimensions: "model");
        await host.PostEventsAsync(Rows().Select(ToEvent));

        Assert.Equal("""["acme","beta"]""", (await host.GetAsync("/api/v1/meters/sum/subjects")).ToJsonString());
        Assert.Equal("""["acme"]""", (await host.GetAsync("/api/v1/meters/sum/subjects?from=2026-01-20T00:00:00Z")).ToJsonString());
        Assert.Equal("""["small"]""", (await host.GetAsync("/api/v1/meters/sum/group-by/model/values")).ToJsonString());
        var all = await host.GetAsync("/api/v1/meters/sum/group-by/model/values?from=2026-01-01T00:00:00Z");
        Assert.Equal("""["big","small"]""", all.ToJsonString());
        await host.GetAsync("/api/v1/meters/sum/group-by/colour/values", 404);
    }

    /// <summary>The year, midnights and whole minutes are left out.</summary>
    private static string Short(string answer) => answer
        .Replace("\n", "; ", StringComparison.Ordinal)
        .Replace("2026-", "", StringComparison.Ordinal)
        .Replace("T00:00:00Z", "", StringComparison.Ordinal)
        .Replace(":00Z", "Z", StringComparison.Ordinal);

    private static IEnumerable<string[]> Rows() =>
        Events.Split('\n').Skip(1).Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries));

    private static JsonObject ToEvent(string[] row)
    {
        var data = new JsonObject { ["tokens"] = row[4], ["model_or_none"] = row[3] };
        if (row[3] != "-")
        {
            data["model"] = row[3];
        }

        return EventPosting.Event(row[0], row[1], data, row[2]);
    }
}
