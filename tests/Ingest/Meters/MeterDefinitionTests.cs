using System.Text.Json.Nodes;
using Metering.Testing;
using Xunit;

namespace Metering.Ingest.Tests.Meters;

/// <summary>Meters that compute their value or choose their events, through the API.</summary>
public sealed class MeterDefinitionTests
{
    private const string Hour = "2026-01-14T10:00:00Z 2026-01-14T11:00:00Z";

    [Fact]
    public async Task A_meter_computes_its_value_from_several_fields()
    {
        await using var host = await TestHost.StartAsync();
        const string Weighted = "case $.model when 'big' then 10 else 1 end * ($.input + 4 * $.output ?? 0)";
        await host.PostEventsAsync(Event("before", """{"model":"big","input":1,"output":2}"""));
        var made = await CreateAsync(host, $$$"""
            {"slug":"weighted","aggregation":"SUM","eventType":"prompt","valueExpression":"{{{Weighted}}}","groupBy":{"model":"$.model"}}
            """);

        var report = await host.PostEventsAsync(
            Event("1", """{"model":"small","input":3}"""), Event("2", """{"model":"small","output":3}"""),
            Event("3", """{"model":"big","input":0.5}"""));

        Assert.Equal(Weighted, (string)made["valueExpression"]!);
        Assert.Null(made["valueProperty"]);
        Assert.Equal(made.ToJsonString(), (await host.GetAsync("/api/v1/meters/weighted")).ToJsonString());
        Assert.Equal($"{Hour} model=big 95\n{Hour} model=small 3", await host.QueryAsync("weighted", "groupBy=model"));
        Assert.Equal(
            "The event has no value at $.input, which meter weighted reads.", (string)report["results"]![1]!["reason"]!);
    }

    [Fact]
    public async Task An_event_that_divides_by_zero_is_stored_and_marked()
    {
        await using var host = await TestHost.StartAsync();
        await CreateAsync(host, """{"slug":"rate","aggregation":"MAX","eventType":"prompt","valueExpression":"$.bytes / $.seconds"}""");

        await host.PostEventsAsync(Event("1", """{"bytes":10,"seconds":4}"""), Event("2", """{"bytes":10,"seconds":0}"""));

        Assert.Equal($"{Hour} 2.5", await host.QueryAsync("rate"));
        var events = await host.GetAsync("/api/v1/events?from=2026-01-14T00:00:00Z");
        var marked = events.AsArray().Single(item => item!["validationError"] is not null)!;
        Assert.Equal("2", (string)marked["event"]!["id"]!);
        Assert.Contains("division by zero of character 9", (string)marked["validationError"]!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_meter_counts_only_the_events_that_its_filters_let_through()
    {
        await using var host = await TestHost.StartAsync();
        var posted = new[]
        {
            Event("1", """{"status":200,"route":"chat","tokens":1}"""), Event("2", """{"status":"503","route":"chat","tokens":10}"""),
            Event("3", """{"status":204,"route":"images","tokens":100}"""), Event("4", """{"route":"chat"}"""),
            Event("5", """{"status":{"code":200},"route":"chat","tokens":1000}"""),
        };
        await host.PostEventsAsync(posted.Take(3));
        var made = await CreateAsync(host, """
            {"slug":"ok","aggregation":"SUM","eventType":"prompt","valueProperty":"$.tokens",
             "eventFilters":{"$.status":{"$like":"2%"},"$.route":{"$in":["chat","embeddings"]}}}
            """);
        await CreateAsync(host, """
            {"slug":"not_ok","aggregation":"COUNT","eventType":"prompt","eventFilters":{"$.status":{"$nlike":"2%"}}}
            """);

        var report = await host.PostEventsAsync(posted.Skip(3));

        Assert.Equal("2%", (string)made["eventFilters"]!["$.status"]!["$like"]!);
        Assert.Equal(made.ToJsonString(), (await host.GetAsync("/api/v1/meters/ok")).ToJsonString());
        Assert.Equal($"{Hour} 1", await host.QueryAsync("ok"));
        Assert.Equal($"{Hour} 3", await host.QueryAsync("not_ok"));
        Assert.All(report["results"]!.AsArray(), result => Assert.Null(result!["reason"]));
    }

    [Fact]
    public async Task A_definition_that_can_not_work_names_the_field_and_the_place()
    {
        await using var host = await TestHost.StartAsync();
        const string Table = """
            "aggregation":"SUM","valueExpression":"$.a +"                           | /valueExpression invalid_expression At character 6: here belongs
            "aggregation":"SUM","valueExpression":"$.a","valueProperty":"$.a"        | /valueExpression not_applicable A meter reads
            "aggregation":"COUNT","valueExpression":"$.a"                            | /valueExpression not_applicable An expression computes
            "aggregation":"UNIQUE_COUNT","valueExpression":"$.a"                     | /valueExpression not_applicable An expression computes
            "aggregation":"WEIGHTED_SUM"                                             | /valueProperty required Every
            "aggregation":"COUNT","eventFilters":{"status":{"$eq":"a"}}              | /eventFilters/status invalid_path A path
            "aggregation":"COUNT","eventFilters":{"$.s":{}}                          | /eventFilters/$.s required A filter
            "aggregation":"COUNT","eventFilters":{"$.s":null}                        | /eventFilters/$.s required A filter
            "aggregation":"COUNT","eventFilters":{"$['a/b']":{"$in":[]}}             | /eventFilters/$['a~1b']/$in invalid_value 1 to
            "aggregation":"COUNT","eventFilters":{"$.s":{"$regex":"a"}}              | /eventFilters/$.s/$regex invalid_json
            """;

        foreach (var row in Table.Split('\n', StringSplitOptions.TrimEntries))
        {
            var cells = row.Split('|', StringSplitOptions.TrimEntries);
            var (status, problem) = await PostAsync(host, $$"""{"slug":"a","eventType":"e",{{cells[0]}}}""");
            var error = problem["errors"]?[0];
            Assert.True(status == 400, $"{row}: {problem.ToJsonString()}");
            Assert.StartsWith(cells[1], $"{error!["pointer"]} {error["code"]} {error["message"]}", StringComparison.Ordinal);
        }
    }

    private static JsonObject Event(string id, string data) => EventPosting.Event(id, "2026-01-14T10:00:00Z", JsonNode.Parse(data));

    private static async Task<JsonNode> CreateAsync(TestHost host, string meter)
    {
        var (status, made) = await PostAsync(host, meter);
        Assert.True(status == 201, made.ToJsonString());
        return made;
    }

    private static async Task<(int Status, JsonNode Answer)> PostAsync(TestHost host, string meter)
    {
        using var body = new StringContent(meter, System.Text.Encoding.UTF8, "application/json");
        using var response = await host.Client.PostAsync("/api/v1/meters", body);
        return ((int)response.StatusCode, JsonNode.Parse(await response.Content.ReadAsStringAsync())!);
    }
}
