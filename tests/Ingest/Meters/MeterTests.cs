using System.Text.Json.Nodes;
using Metering.Ingest.Meters;
using Metering.Testing;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Metering.Ingest.Tests.Meters;

public sealed class MeterTests
{
    [Fact]
    public async Task A_meter_is_made_found_changed_and_deleted()
    {
        await using var host = await TestHost.StartAsync();
        var made = await host.MeterAsync("tokens_total", dimensions: ["model", "type"]);
        var id = (string)made["id"]!;

        Assert.Equal(26, id.Length);
        Assert.Equal("SUM", (string)made["aggregation"]!);
        Assert.Equal("$.model", (string)made["groupBy"]!["model"]!);
        Assert.Equal(made.ToJsonString(), (await host.GetAsync("/api/v1/meters/tokens_total")).ToJsonString());
        Assert.Equal(made.ToJsonString(), (await host.GetAsync($"/api/v1/meters/{id}")).ToJsonString());

        await host.AdvanceToAsync("2026-01-15T10:00:00Z");
        using var put = await host.Client.PutAsync($"/api/v1/meters/{id}", JsonBody("""{"name":"Tokens","metadata":{"team":"ai"}}"""));
        var changed = JsonNode.Parse(await put.Content.ReadAsStringAsync())!;
        Assert.Equal("Tokens ai 2026-01-15T10:00:00Z", $"{changed["name"]} {changed["metadata"]!["team"]} {changed["updatedAt"]}");
        Assert.Equal("$.type", (string)changed["groupBy"]!["type"]!);

        await host.PostAsync("/api/v1/meters", new JsonObject { ["slug"] = "tokens_total", ["aggregation"] = "COUNT", ["eventType"] = "x" }, 409);
        using var deleted = await host.Client.DeleteAsync("/api/v1/meters/tokens_total");
        Assert.Equal(204, (int)deleted.StatusCode);
        await host.GetAsync("/api/v1/meters/tokens_total", 404);
        Assert.Empty((await host.GetAsync("/api/v1/meters")).AsArray());
        Assert.Single((await host.GetAsync("/api/v1/meters?includeDeleted=true")).AsArray());
        await host.MeterAsync("tokens_total");
    }

    [Fact]
    public async Task A_definition_that_can_not_work_names_the_field()
    {
        await using var host = await TestHost.StartAsync();
        const string Table = """
            {"aggregation":"COUNT","eventType":"e"}                                                      | /slug required
            {"aggregation":"COUNT"}                                                                      | /slug required
            {"slug":null,"aggregation":"COUNT","eventType":"e"}                                          | /slug required
            {"slug":"a","aggregation":"COUNT","eventType":"e\u0000"}                                     | /eventType invalid_json
            {"slug":"a","aggregation":"SUM","eventType":"e","valueProperty":"$.n\u0000"}                 | /valueProperty invalid_json
            {"slug":"a","aggregation":"COUNT","eventType":"e","groupBy":{"x":"$.s\u0000"}}               | /groupBy/x invalid_json
            {"slug":"a","aggregation":"COUNT","eventType":"e","eventFrom":"0001-01-01T00:00:00Z"}        | /eventFrom invalid_json
            null                                                                                         |  required
            {"slug":"Upper","aggregation":"COUNT","eventType":"e"}                                       | /slug invalid_format
            {"slug":"a__b","aggregation":"COUNT","eventType":"e"}                                        | /slug invalid_format
            {"slug":"a","aggregation":"MEDIAN","eventType":"e"}                                          | /aggregation unknown_value
            {"slug":"a","aggregation":"SUM","eventType":"e"}                                             | /valueProperty required
            {"slug":"a","aggregation":"SUM","eventType":"e","valueProperty":"tokens"}                    | /valueProperty invalid_path
            {"slug":"a","aggregation":"SUM","eventType":"e","valueProperty":"$..tokens"}                 | /valueProperty invalid_path
            {"slug":"a","aggregation":"SUM","eventType":"e","valueProperty":"$.items[*].n"}              | /valueProperty invalid_path
            {"slug":"a","aggregation":"COUNT","eventType":""}                                            | /eventType invalid_length
            {"slug":"a","aggregation":"COUNT","eventType":"e","groupBy":{"subject":"$.s"}}               | /groupBy/subject reserved
            {"slug":"a","aggregation":"COUNT","eventType":"e","groupBy":{"a b":"$.s"}}                   | /groupBy/a b invalid_format
            {"slug":"a","aggregation":"COUNT","eventType":"e","groupBy":{"x":"s"}}                       | /groupBy/x invalid_path
            {"slug":"a","aggregation":"COUNT","eventType":"e","windowSize":"HOUR"}                       | /windowSize invalid_json
            """;

        foreach (var row in Table.Split('\n', StringSplitOptions.TrimEntries))
        {
            var cells = row.Split('|', StringSplitOptions.TrimEntries);
            using var response = await host.Client.PostAsync("/api/v1/meters", JsonBody(cells[0]));
            var problem = JsonNode.Parse(await response.Content.ReadAsStringAsync())!;
            Assert.True(400 == (int)response.StatusCode, $"{row}: {problem.ToJsonString()}");
            var error = problem["errors"]![0]!;
            Assert.True(cells[1].Length == 0 || cells[1] == $"{error["pointer"]} {error["code"]}".Trim(), $"{row}: {problem.ToJsonString()}");
        }
    }

    [Fact]
    public async Task A_meter_counts_the_events_stored_before_it_and_those_after_once()
    {
        await using var host = await TestHost.StartAsync();
        await host.PostEventsAsync(Enumerable.Range(0, 50).Select(i => EventPosting.Event(
            $"{i}", $"2026-01-14T{i % 24:D2}:30:00Z", new JsonObject { ["tokens"] = i, ["model"] = i % 2 == 0 ? "even" : "odd" })));

        await host.MeterAsync("tokens", dimensions: "model");
        await host.PostEventsAsync(EventPosting.Event("late", "2026-01-14T00:40:00Z", new JsonObject { ["tokens"] = 1000, ["model"] = "odd" }));

        const string Day = "from=2026-01-14T00:00:00Z&to=2026-01-15T00:00:00Z";
        Assert.Equal("2026-01-14T00:00:00Z 2026-01-15T00:00:00Z 2225", await host.QueryAsync("tokens", Day));
        Assert.EndsWith("model=odd 1625", await host.QueryAsync("tokens", Day + "&groupBy=model"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task New_dimensions_apply_to_stored_events()
    {
        await using var host = await TestHost.StartAsync();
        await host.MeterAsync("tokens");
        static JsonObject Data(int tokens) => new() { ["tokens"] = tokens, ["usage"] = new JsonObject { ["model"] = "big" } };
        await host.PostEventsAsync(EventPosting.Event("1", "2026-01-14T10:00:00Z", Data(5)));

        using var put = await host.Client.PutAsync("/api/v1/meters/tokens", JsonBody("""{"groupBy":{"model":"$.usage['model']"}}"""));
        await host.PostEventsAsync(EventPosting.Event("2", "2026-01-14T10:00:00Z", Data(6)));

        Assert.Equal("2026-01-14T10:00:00Z 2026-01-14T11:00:00Z model=big 11", await host.QueryAsync("tokens", "groupBy=model"));
    }

    [Fact]
    public async Task A_meter_may_start_later_than_its_events()
    {
        await using var host = await TestHost.StartAsync();
        var before = EventPosting.Event("before", "2026-01-14T09:59:59Z", null);
        await host.PostEventsAsync(before, EventPosting.Event("at", "2026-01-14T10:00:00Z", null));

        var meter = new JsonObject { ["slug"] = "m", ["aggregation"] = "COUNT", ["eventType"] = "prompt", ["eventFrom"] = "2026-01-14T10:00:00Z" };
        await host.PostAsync("/api/v1/meters", meter, 201);
        await host.PostEventsAsync(EventPosting.Event("before-again", "2026-01-14T09:00:00Z", new JsonObject()));

        Assert.Equal("2026-01-14T10:00:00Z 2026-01-14T11:00:00Z 1", await host.QueryAsync("m"));
    }

    [Fact]
    public async Task Other_modules_find_meters_by_slug_and_id()
    {
        await using var host = await TestHost.StartAsync();
        var made = await host.MeterAsync("tokens");
        var catalog = host.Services.GetRequiredService<MeterCatalog>();
        var cancellationToken = TestContext.Current.CancellationToken;

        var bySlug = await catalog.FindAsync("tokens", cancellationToken);

        Assert.Equal(bySlug!.Id, (await catalog.FindAsync((string)made["id"]!, cancellationToken))!.Id);
        Assert.Equal(Aggregation.Sum, bySlug.Aggregation);
        Assert.Single(await catalog.ListAsync(cancellationToken));
        Assert.Null(await catalog.FindAsync("nothing", cancellationToken));
    }

    private static StringContent JsonBody(string json) => new(json, System.Text.Encoding.UTF8, "application/json");
}
