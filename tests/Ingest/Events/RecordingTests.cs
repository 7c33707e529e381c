using System.Collections.Immutable;
using System.Net.Http.Headers;
using System.Text.Json.Nodes;
using Metering.Ingest.Usage;
using Metering.Testing;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Metering.Ingest.Tests.Events;

public sealed class RecordingTests
{
    private static readonly JsonObject FortyTwo = new() { ["tokens"] = 42 };

    [Fact]
    public async Task An_event_is_counted_as_soon_as_it_is_accepted()
    {
        await using var host = await TestHost.StartAsync();
        await host.MeterAsync("tokens");

        var report = await host.PostEventsAsync(EventPosting.Event("1", "2026-01-14T10:20:00Z", FortyTwo));

        Assert.Equal(1, (int)report["accepted"]!);
        Assert.Equal("2026-01-14T10:00:00Z 2026-01-14T11:00:00Z 42", await host.QueryAsync("tokens"));
        var minute = await host.QueryAsync("tokens", "from=2026-01-14T10:20:00Z&to=2026-01-14T10:21:00Z");
        Assert.Equal("2026-01-14T10:20:00Z 2026-01-14T10:21:00Z 42", minute);
    }

    [Fact]
    public async Task A_resend_is_a_duplicate_and_other_content_is_a_conflict_in_one_batch_and_across_batches()
    {
        await using var host = await TestHost.StartAsync();
        await host.MeterAsync("tokens");
        var first = EventPosting.Event("1", "2026-01-14T10:20:00Z", FortyTwo);
        var other = EventPosting.Event("1", "2026-01-14T10:20:00Z", new JsonObject { ["tokens"] = 43 });

        var together = await host.PostEventsAsync(first, first, other);
        var later = await host.PostEventsAsync(other, first);

        Assert.Equal("accepted duplicate conflict", Outcomes(together));
        Assert.Equal("conflict duplicate", Outcomes(later));
        Assert.Equal("2026-01-14T10:00:00Z 2026-01-14T11:00:00Z 42", await host.QueryAsync("tokens"));
        var conflicts = await host.GetAsync("/api/v1/events/conflicts");
        var conflict = Assert.Single(conflicts["items"]!.AsArray());
        Assert.Equal(43, (int)conflict!["data"]!["tokens"]!);
        Assert.NotEqual((string)conflict["payloadHash"]!, (string)conflict["firstPayloadHash"]!);
    }

    [Fact]
    public async Task The_same_id_from_another_source_is_another_event()
    {
        await using var host = await TestHost.StartAsync();
        await host.MeterAsync("tokens");
        var other = EventPosting.Event("1", "2026-01-14T10:20:00Z", FortyTwo);
        other["source"] = "another-gateway";

        await host.PostEventsAsync(EventPosting.Event("1", "2026-01-14T10:20:00Z", FortyTwo), other);

        Assert.Equal("2026-01-14T10:00:00Z 2026-01-14T11:00:00Z 84", await host.QueryAsync("tokens"));
    }

    [Fact]
    public async Task An_event_without_a_time_happens_now_and_its_resend_an_hour_later_is_a_duplicate()
    {
        await using var host = await TestHost.StartAsync("2026-01-15T09:00:00Z");
        await host.MeterAsync("tokens");
        var timeless = EventPosting.Event("1", "", FortyTwo);
        timeless["time"] = null;

        await host.PostEventsAsync(timeless);
        await host.AdvanceToAsync("2026-01-15T10:30:00Z");
        var again = await host.PostEventsAsync(timeless);

        Assert.Equal("duplicate", Outcomes(again));
        Assert.Equal("2026-01-15T09:00:00Z 2026-01-15T10:00:00Z 42", await host.QueryAsync("tokens"));
    }

    [Fact]
    public async Task A_resend_with_other_whitespace_and_another_trace_is_a_duplicate()
    {
        await using var host = await TestHost.StartAsync();
        const string Compact =
            """{"specversion":"1.0","id":"1","source":"s","type":"p","subject":"a","time":"2026-01-14T10:00:00Z","data":{"a b":" x ","n":[1,2]}}""";
        const string Spaced = """
            { "specversion": "1.0", "id": "1", "source": "s", "type": "p", "subject": "a", "time": "2026-01-14T11:00:00+01:00",
              "traceparent": "00-1", "data": { "a b" : " x ", "n": [ 1, 2 ] } }
            """;

        await host.SendEventsAsync(Compact, "application/json");
        var (_, body) = await host.SendEventsAsync(Spaced, "application/json", ("Prefer", "return=representation"));

        Assert.Equal("duplicate", Outcomes(JsonNode.Parse(body)!));
    }

    [Fact]
    public async Task What_a_meter_can_not_read_is_kept_with_the_reason_and_counted_by_the_others()
    {
        await using var host = await TestHost.StartAsync();
        await host.MeterAsync("tokens");
        await host.MeterAsync("requests", "COUNT", value: null);

        var report = await host.PostEventsAsync(
            EventPosting.Event("good", "2026-01-14T10:00:00Z", new JsonObject { ["tokens"] = "17.5" }),
            EventPosting.Event("missing", "2026-01-14T10:00:00Z", new JsonObject { ["other"] = 1 }),
            EventPosting.Event("word", "2026-01-14T10:00:00Z", new JsonObject { ["tokens"] = "many" }),
            EventPosting.Event("huge", "2026-01-14T10:00:00Z", new JsonObject { ["tokens"] = "1e16" }),
            EventPosting.Event("nan", "2026-01-14T10:00:00Z", new JsonObject { ["tokens"] = "NaN" }),
            EventPosting.Event("none", "2026-01-14T10:00:00Z", null));

        Assert.Equal(6, (int)report["accepted"]!);
        Assert.Equal("2026-01-14T10:00:00Z 2026-01-14T11:00:00Z 17.5", await host.QueryAsync("tokens"));
        Assert.Equal("2026-01-14T10:00:00Z 2026-01-14T11:00:00Z 6", await host.QueryAsync("requests"));

        // A meter made afterwards counts the same from the stored events.
        await host.MeterAsync("requests_again", "COUNT", value: null);
        Assert.Equal("2026-01-14T10:00:00Z 2026-01-14T11:00:00Z 6", await host.QueryAsync("requests_again"));
        var failed = await host.GetAsync("/api/v1/events?validation=failed");
        Assert.Equal(["huge", "missing", "nan", "none", "word"], failed.AsArray().Select(item => (string)item!["event"]!["id"]!).Order());
        Assert.All(failed.AsArray(), item => Assert.Contains("$.tokens", (string)item!["validationError"]!));
    }

    [Fact]
    public async Task Many_senders_of_the_same_events_at_once_count_them_once()
    {
        await using var host = await TestHost.StartAsync();
        await host.MeterAsync("tokens");
        var events = Enumerable.Range(0, 200)
            .Select(i => EventPosting.Event($"{i}", "2026-01-14T10:00:00Z", new JsonObject { ["tokens"] = i }))
            .ToArray();

        var reports = await Task.WhenAll(Enumerable.Range(0, 8).Select(offset =>
            host.PostEventsAsync(events.Skip(offset * 25).Concat(events.Take(offset * 25)).ToArray())));

        Assert.Equal(200, reports.Sum(report => (int)report["accepted"]!));
        Assert.Equal(1_400, reports.Sum(report => (int)report["duplicate"]!));
        Assert.Equal("2026-01-14T10:00:00Z 2026-01-14T11:00:00Z 19900", await host.QueryAsync("tokens"));
    }

    [Fact]
    public async Task A_stored_event_is_shown_as_it_came()
    {
        await using var host = await TestHost.StartAsync();
        var posted = EventPosting.Event("with-all", "2026-01-14T10:00:00.123456Z", new JsonObject { ["deep"] = new JsonObject { ["x"] = 1.50m } });
        posted["dataschema"] = "https://example.com/schema";
        posted["traceparent"] = "00-abc";

        await host.PostEventsAsync(posted);

        var shown = Assert.Single((await host.GetAsync("/api/v1/events?subject=acm&id=with")).AsArray())!;
        Assert.True(JsonNode.DeepEquals(posted, shown["event"]), shown.ToJsonString());
        Assert.Equal("2026-01-15T09:00:00Z", (string)shown["storedAt"]!);
        Assert.Empty((await host.GetAsync("/api/v1/events?subject=somebody")).AsArray());
        Assert.Empty((await host.GetAsync("/api/v1/events?from=2026-01-14T11:00:00Z")).AsArray());
    }

    [Fact]
    public async Task The_deepest_event_that_is_taken_can_be_shown()
    {
        await using var host = await TestHost.StartAsync();
        static string Nested(int depth) =>
            """{"specversion":"1.0","id":"1","source":"gateway","type":"prompt","subject":"acme","data":{"x":"""
            + new string('[', depth) + new string(']', depth) + "}}";

        const string ContentType = "application/cloudevents+json";
        var deepest = 100;
        while ((await host.SendEventsAsync(Nested(deepest), ContentType)).Status != 204)
        {
            deepest--;
        }

        Assert.InRange(deepest, 50, 64);
        Assert.Contains("\"id\":\"1\"", await host.Client.GetStringAsync("/api/v1/events"), StringComparison.Ordinal);
        await host.SendEventsAsync(Nested(deepest - 1), ContentType);
        Assert.Contains("\"id\":\"1\"", await host.Client.GetStringAsync("/api/v1/events/conflicts"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_compressed_body_is_refused_for_what_it_is()
    {
        await using var host = await TestHost.StartAsync();
        using var content = new ByteArrayContent([0x1f, 0x8b]);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/cloudevents+json");
        content.Headers.ContentEncoding.Add("gzip");

        using var response = await host.Client.PostAsync("/api/v1/events", content);

        var problem = JsonNode.Parse(await response.Content.ReadAsStringAsync())!;
        Assert.Equal((415, "header:Content-Encoding"), ((int)response.StatusCode, (string?)problem["errors"]![0]!["pointer"]));
    }

    [Theory]
    [InlineData("/api/v1/events?subject=a%00", "?subject")]
    [InlineData("/api/v1/events?limit=x", "?limit")]
    [InlineData("/api/v1/events?from=9999-12-31T23:59:59-18:00", "?from")]
    [InlineData("/api/v1/meters?pageSize=x", "?pageSize")]
    public async Task A_query_parameter_that_can_not_be_used_is_named(string path, string pointer)
    {
        await using var host = await TestHost.StartAsync();
        Assert.Equal(pointer, (string?)(await host.GetAsync(path, 400))["errors"]![0]!["pointer"]);
    }

    [Fact]
    public async Task What_the_usage_is_made_of_can_be_shown_event_by_event()
    {
        await using var host = await TestHost.StartAsync();
        await host.MeterAsync("tokens", dimensions: "model");
        await host.PostEventsAsync(Enumerable.Range(0, 30).Select(i => EventPosting.Event(
            $"{i:D2}", $"2026-01-14T10:{i:D2}:00Z", new JsonObject { ["tokens"] = 1, ["model"] = i % 3 == 0 ? "big" : "small" })));

        var query = new UsageQuery("tokens", NodaTime.Instant.FromUtc(2026, 1, 14, 10, 3), null)
        {
            Filters = ImmutableSortedDictionary<string, ImmutableArray<string>>.Empty.Add("model", ["big"]),
        };
        var behind = await host.Services.GetRequiredService<EventReader>().BehindAsync(query, 1, TestContext.Current.CancellationToken);

        Assert.Equal(["06", "09", "12", "15", "18", "21", "24", "27"], behind.Select(item => item.Id));
        Assert.Equal("""{"tokens":1,"model":"big"}""", behind[0].Payload);
    }

    private static string Outcomes(JsonNode report) => string.Join(" ", report["results"]!.AsArray().Select(result => (string)result!["outcome"]!));
}
