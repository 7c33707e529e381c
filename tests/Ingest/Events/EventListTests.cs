using System.Text.Json.Nodes;
using Metering.Testing;
using Xunit;

namespace Metering.Ingest.Tests.Events;

/// <summary>Stored events found again, by condition and by cursor.</summary>
public sealed class EventListTests
{
    [Fact]
    public async Task Pages_meet_whatever_is_recorded_between_them()
    {
        await using var host = await TestHost.StartAsync("2026-01-15T09:00:00Z");
        await host.PostEventsAsync(Enumerable.Range(0, 50).Select(number => Event($"new-{number}", $"2026-01-15T08:{number:00}:00Z")));
        await host.PostEventsAsync(Enumerable.Range(0, 20).Select(number => Event($"same-{number}", "2026-01-01T00:00:00Z")));
        await host.PostEventsAsync(Event("old", "1999-12-31T23:59:59Z"), Event("future", "2030-01-01T00:00:00Z"));

        var seen = new List<string>();
        string? cursor = null;
        do
        {
            var page = await host.GetAsync($"/api/v2/events?limit=7{(cursor is null ? "" : $"&cursor={cursor}")}", 200);
            seen.AddRange(Ids(page["items"]!));
            cursor = (string?)page["nextCursor"];
            await host.PostEventsAsync(Event($"late-{seen.Count}", "2026-01-15T08:59:59Z"), Event($"later-{seen.Count}", "2029-01-01T00:00:00Z"));
        }
        while (cursor is not null);

        Assert.Equal(72, seen.Count);
        Assert.Equal(72, seen.Distinct().Count());
        Assert.Equal(("future", "new-49", "old"), (seen[0], seen[1], seen[^1]));
    }

    [Fact]
    public async Task Conditions_find_events_by_every_field()
    {
        await using var host = await TestHost.StartAsync("2026-01-15T09:00:00Z");
        var customer = await host.PostAsync("/api/v1/customers", new JsonObject
        {
            ["name"] = "Acme", ["usageAttribution"] = new JsonObject { ["subjectKeys"] = new JsonArray("acme") },
        });
        await host.PostEventsAsync(Event("a", "2026-01-15T06:00:00Z"), Event("b", "2026-01-15T07:00:00Z", "beta"));
        await host.AdvanceToAsync("2026-01-15T10:00:00Z");
        await host.PostEventsAsync(Event("c", "2025-01-15T08:00:00Z"), Event("d", "2026-01-15T09:30:00Z", "beta", "completion"));
        var id = customer["id"];
        var table = $$$"""
            {}                                                              > d b a c
            {"id":{"$in":["a","c"]}}                                        > a c
            {"subject":{"$eq":"acme"}}                                      > a c
            {"subject":{"$ne":"acme"},"type":{"$like":"pro%"}}              > b
            {"type":{"$ilike":"COMP%"}}                                     > d
            {"source":{"$nlike":"gate%"}}                                   >
            {"customerId":{"$in":["{{{id}}}"]}}                               > a c
            {"time":{"$gte":"2026-01-15T07:00:00Z"}}                        > d b
            {"time":{"$gt":"2026-01-15T07:00:00Z"}}                         > d
            {"time":{"$or":[{"$lt":"2026-01-01T00:00:00Z"},{"$gte":"2026-01-15T09:30:00Z"}]}} > d c
            {"time":{"$and":[{"$gte":"2026-01-15T06:00:00Z"},{"$lte":"2026-01-15T07:00:00Z"}]}} > b a
            {"ingestedAt":{"$lt":"2026-01-15T10:00:00Z"}}                   > b a
            {"ingestedAt":{"$gte":"2026-01-15T10:00:00Z"},"id":{"$gt":"c"}} > d
            """;

        foreach (var row in table.Split('\n', StringSplitOptions.TrimEntries))
        {
            var cells = row.Split('>', StringSplitOptions.TrimEntries);
            var page = await host.GetAsync($"/api/v2/events?filter={Uri.EscapeDataString(cells[0])}", 200);
            Assert.Equal($"{cells[0]} > {cells[1]}", $"{cells[0]} > {string.Join(' ', Ids(page["items"]!))}");
        }

        var first = (await host.GetAsync($"/api/v1/events?customerId={id}", 200))[0]!;
        Assert.Equal(("a", (string?)id), ((string?)first["event"]!["id"], (string?)first["customerId"]));
    }

    [Fact]
    public async Task What_can_not_be_listed_names_the_parameter()
    {
        await using var host = await TestHost.StartAsync();
        const string Table = """
            /api/v1/events?customerId=01G65Z755AFWAKHE12NY0CQ9FH             ?customerId unknown_customer
            /api/v1/events?customerId=acme                                   ?customerId invalid_id
            /api/v2/events?limit=101                                         ?limit out_of_range
            /api/v2/events?limit=0                                           ?limit out_of_range
            /api/v2/events?cursor=nonsense                                   ?cursor invalid_cursor
            /api/v2/events?filter=subject                                    ?filter invalid_json
            /api/v2/events?filter={"colour":{"$eq":"red"}}                   ?filter invalid_json
            /api/v2/events?filter={"subject":{}}                             ?filter/subject required
            /api/v2/events?filter={"time":{"$gt":"soon"}}                    ?filter invalid_json
            /api/v2/events?filter={"time":{"$and":[]}}                       ?filter/time/$and invalid_value
            /api/v2/events?filter={"id":{"$like":"a\\"}}                     ?filter/id/$like invalid_pattern
            /api/v2/events?filter={"customerId":{"$in":["acme"]}}            ?filter/customerId/$in invalid_id
            """;

        foreach (var row in Table.Split('\n', StringSplitOptions.TrimEntries))
        {
            var cells = row.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            var problem = await host.GetAsync(cells[0], 400);
            Assert.Equal($"{cells[0]} {cells[1]} {cells[2]}", $"{cells[0]} {problem["errors"]![0]!["pointer"]} {problem["errors"]![0]!["code"]}");
        }
    }

    [Fact]
    public async Task The_metrics_of_the_day_count_events_by_subject()
    {
        await using var host = await TestHost.StartAsync("2026-01-15T09:00:00Z");
        await host.PostEventsAsync(
            Event("1", "2026-01-15T00:00:00Z", "a\"b"), Event("2", "2026-01-15T08:00:00Z", "a\"b"), Event("3", "2026-01-15T08:00:00Z"),
            Event("4", "2026-01-14T23:59:59Z"), Event("5", "2026-01-15T10:00:00Z"));

        var text = await host.Client.GetStringAsync(new Uri("/api/v1/debug/metrics", UriKind.Relative));

        string[] samples = [.. text.Split('\n').Where(line => line.Length > 0 && line[0] != '#')];
        Assert.Equal(["openmeter_events_total{subject=\"a\\\"b\"} 2", "openmeter_events_total{subject=\"acme\"} 1"], samples);
        Assert.EndsWith("# EOF\n", text, StringComparison.Ordinal);
    }

    private static JsonObject Event(string id, string time, string subject = "acme", string type = "prompt") =>
        EventPosting.Event(id, time, new JsonObject { ["tokens"] = 1 }, subject, type);

    private static IEnumerable<string> Ids(JsonNode items) => items.AsArray().Select(item => (string)item!["event"]!["id"]!);
}
