using System.Text;
using System.Text.Json.Nodes;
using Metering.Testing;
using Xunit;

namespace Metering.Ingest.Tests.Events;

public sealed class EventRequestTests
{
    private const string Good = """{"specversion":"1.0","id":"1","source":"s","type":"prompt","subject":"a"}""";

    [Fact]
    public async Task Each_mode_of_CloudEvents_is_understood()
    {
        await using var host = await TestHost.StartAsync();
        await host.MeterAsync("tokens");
        string Event(string id) => EventPosting.Event(id, "2026-01-14T10:00:00Z", new JsonObject { ["tokens"] = 1 }).ToJsonString();

        int[] statuses =
        [
            (await host.SendEventsAsync(Event("structured"), "application/cloudevents+json; charset=utf-8")).Status,
            (await host.SendEventsAsync($"[{Event("batch-1")},{Event("batch-2")}]", "application/cloudevents-batch+json")).Status,
            (await host.SendEventsAsync(Event("plain"), "application/json")).Status,
            (await host.SendEventsAsync($" [ {Event("plain-array")} ] ", "application/json")).Status,
            (await host.SendEventsAsync("[]", "application/cloudevents-batch+json")).Status,
            (await host.SendEventsAsync("""{"tokens":1}""", "application/json",
                ("ce-specversion", "1.0"), ("ce-id", "binary"), ("ce-source", "gate%20way"), ("ce-type", "prompt"), ("ce-subject", "acme"),
                ("ce-time", "2026-01-14T10:00:00Z"))).Status,
        ];

        Assert.All(statuses, status => Assert.Equal(204, status));
        Assert.Equal("2026-01-14T10:00:00Z 2026-01-14T11:00:00Z 6", await host.QueryAsync("tokens"));
        var binary = Assert.Single((await host.GetAsync("/api/v1/events?id=binary")).AsArray());
        Assert.Equal("gate way", (string)binary!["event"]!["source"]!);
    }

    [Fact]
    public async Task A_malformed_event_refuses_the_request_and_names_the_field()
    {
        await using var host = await TestHost.StartAsync();
        const string Table = """
            {} | /id required, /source required, /type required, /subject required, /specversion required
            {good, "id": null}                                   | /id required
            {good, "id": 7}                                      | /id invalid_type
            {good, "id": ""}                                     | /id empty
            {good, "id": "a\u0000b"}                             | /id invalid_text
            {good, "id": "\ud800"}                               | /id invalid_text
            {good, "specversion": "0.3"}                         | /specversion not_supported
            {good, "time": "yesterday"}                          | /time invalid_time
            {good, "time": "2026-02-30T00:00:00Z"}               | /time invalid_time
            {good, "time": 1768467600}                           | /time invalid_type
            {good, "time": "0001-01-01T00:00:00Z"}               | /time invalid_time
            {good, "data": "text"}                               | /data invalid_type
            {good, "data": [1]}                                  | /data invalid_type
            {good, "data_base64": "AA=="}                        | /data_base64 not_supported
            {good, "datacontenttype": "text/xml"}                | /datacontenttype not_supported
            {good, "extension": {"a": 1}}                        | /extension invalid_type
            [{good}, {good, "id": {"x": 1}}, 5, {good, "time":""}] | /1/id invalid_type, /2 invalid_type, /3/time empty
            [{good}, {"id": ]                                    | /1 invalid_json
            {good} trailing                                      |  invalid_json
            7                                                    |  invalid_type
            """;

        foreach (var row in Table.Split('\n', StringSplitOptions.TrimEntries))
        {
            var cells = row.Split('|');
            var body = cells[0].Replace("good", Good[1..^1], StringComparison.Ordinal);
            var (status, text) = await host.SendEventsAsync(body, "application/json");

            Assert.True(status == 400, $"{row}: {status} {text}");
            var errors = JsonNode.Parse(text)!["errors"]!.AsArray().Select(error => $"{error!["pointer"]} {error["code"]}");
            Assert.Equal(cells[1].Trim(), string.Join(", ", errors).Trim());
        }

        Assert.Empty((await host.GetAsync("/api/v1/events?from=2000-01-01T00:00:00Z")).AsArray());
    }

    [Fact]
    public async Task A_missing_header_of_binary_mode_is_named_as_a_header()
    {
        await using var host = await TestHost.StartAsync();

        var (status, body) = await host.SendEventsAsync(
            "{}", "application/json", ("ce-specversion", "1.0"), ("ce-id", "1"), ("ce-source", "s"), ("ce-type", "t"));

        Assert.Equal(400, status);
        Assert.Equal("header:ce-subject", (string)JsonNode.Parse(body)!["errors"]![0]!["pointer"]!);
    }

    [Fact]
    public async Task Other_content_types_larger_bodies_and_too_many_events_are_refused()
    {
        await using var host = await TestHost.StartAsync();

        Assert.Equal(415, (await host.SendEventsAsync(Good, "text/plain")).Status);
        Assert.Equal(415, (await host.SendEventsAsync(Good, "application/cloudevents+avro")).Status);
        Assert.Equal(415, (await host.SendEventsAsync(Good, null)).Status);
        Assert.Equal(413, (await host.SendEventsAsync("[" + new string(' ', 4 << 20) + "]", "application/json", ("Expect", "100-continue"))).Status);

        // Well above the limit of other routes, and still within this one's.
        Assert.Equal(204, (await host.SendEventsAsync("[" + new string(' ', 3 << 20) + "]", "application/json")).Status);

        var tooMany = new StringBuilder("[").AppendJoin(',', Enumerable.Repeat(Good, 10_001)).Append(']').ToString();
        var (status, body) = await host.SendEventsAsync(tooMany, "application/json");
        Assert.Equal(400, status);
        Assert.Equal("/10000", (string)JsonNode.Parse(body)!["errors"]![0]!["pointer"]!);
    }

    [Fact]
    public async Task Only_a_key_that_may_write_events_can_post_them()
    {
        await using var host = await TestHost.StartAsync();
        using var client = host.ClientWith("not-a-key-of-this-house");

        using var response = await client.PostAsync("/api/v1/events", new StringContent(Good, Encoding.UTF8, "application/json"));

        Assert.Equal(401, (int)response.StatusCode);
    }
}
