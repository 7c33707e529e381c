using System.Text.Json.Nodes;
using Metering.Ingest.Rollups;
using Metering.Testing;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Xunit;

namespace Metering.Ingest.Tests.Corrections;

/// <summary>Recorded events are amended and voided; what was answered before is answered so for ever.</summary>
public sealed class CorrectionTests
{
    private const string Route = "/api/v1/events/corrections";
    private static readonly string[] Aggregations = ["SUM", "COUNT", "MIN", "MAX", "AVG", "LATEST", "UNIQUE_COUNT"];

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_is_voided_and_amended_counts_so_at_once_and_after_the_hours_were_made_anew()
    {
        await using var host = await TestHost.StartAsync();
        foreach (var aggregation in Aggregations)
        {
            await host.MeterAsync(aggregation.ToLowerInvariant(), aggregation);
        }

        await host.PostEventsAsync(Tokens("a", 10, "2026-01-14T10:05:00Z"), Tokens("b", 20, "2026-01-14T10:10:00Z"), Tokens("c", 30));
        await FoldAsync(host);
        var before = await AllAsync(host);
        var watermark = (long)(await host.GetAsync("/api/v1/meters/sum/query?watermark=current"))["watermark"]!;

        var report = await host.PostAsync(Route, new JsonArray(Void("c"), Amend("a", ("data", new JsonObject { ["tokens"] = 15 }))), 200);
        var atOnce = await AllAsync(host);
        await host.Services.GetRequiredService<RestatingQueue>().DrainAsync(Cancelled);
        var anew = await AllAsync(host);

        Assert.Equal((1, 1, 0), ((int)report["amended"]!, (int)report["voided"]!, (int)report["unchanged"]!));
        Assert.Equal("60 3 10 30 20 30 3", before);
        Assert.Equal("35 2 15 20 17.5 20 2", atOnce);
        Assert.Equal(atOnce, anew);
        Assert.Equal(before, await AllAsync(host, $"watermark={watermark}"));
        Assert.Equal(atOnce, await AllAsync(host, $"watermark={report["batch"]}"));
    }

    [Fact]
    public async Task An_event_amended_to_another_time_subject_and_type_is_counted_there_alone()
    {
        await using var host = await TestHost.StartAsync();
        await host.MeterAsync("tokens");
        await host.MeterAsync("images", "COUNT", "image", null);
        await host.PostEventsAsync(Tokens("a", 10), Tokens("b", 1), Tokens("c", 2));

        await host.PostAsync(Route, new JsonArray(
            Amend("a", ("time", "2026-01-13T23:59:00Z"), ("subject", "umbrella")), Amend("b", ("type", "image"))), 200);

        const string Expected = """
            2026-01-13T23:00:00Z 2026-01-14T00:00:00Z umbrella 10
            2026-01-14T10:00:00Z 2026-01-14T11:00:00Z acme 2
            """;
        Assert.Equal(Expected, await host.QueryAsync("tokens", "windowSize=HOUR&groupBy=subject"));
        Assert.Equal(["acme", "umbrella"], (await host.GetAsync("/api/v1/meters/tokens/subjects")).AsArray().Select(name => (string)name!));
        await host.Services.GetRequiredService<RestatingQueue>().DrainAsync(Cancelled);
        Assert.Equal(Expected, await host.QueryAsync("tokens", "windowSize=HOUR&groupBy=subject"));
        Assert.Equal(["acme", "umbrella"], (await host.GetAsync("/api/v1/meters/tokens/subjects")).AsArray().Select(name => (string)name!));
        Assert.EndsWith(" 1", await host.QueryAsync("images"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_last_correction_holds_and_each_watermark_between_answers_for_itself()
    {
        await using var host = await TestHost.StartAsync();
        await host.MeterAsync("tokens");
        await host.PostEventsAsync(Tokens("a", 10));
        var batches = new List<JsonNode?>();
        foreach (var correction in new[] { AmendTokens("a", 20), Void("a"), AmendTokens("a", 30) })
        {
            batches.Add((await host.PostAsync(Route, new JsonArray(correction), 200))["batch"]);
            await host.Services.GetRequiredService<RestatingQueue>().DrainAsync(Cancelled);
        }

        await host.PostEventsAsync(Tokens("late", 1));
        await FoldAsync(host);

        var answers = new List<string>();
        foreach (var batch in batches)
        {
            answers.Add((await host.QueryAsync("tokens", $"watermark={batch}")).Split(' ')[^1]);
        }

        Assert.Equal(["20", "", "30"], answers);
        Assert.EndsWith(" 31", await host.QueryAsync("tokens"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_event_tells_its_history_and_the_lists_show_it_as_it_counts()
    {
        await using var host = await TestHost.StartAsync();
        await host.MeterAsync("tokens");
        await host.PostEventsAsync(Tokens("a", 10), Tokens("b", 20));
        await host.PostAsync(Route, new JsonArray(AmendTokens("a", 15), Void("b")), 200);

        var history = await host.GetAsync("/api/v1/events/history?source=gateway&id=a");
        var voided = await host.GetAsync("/api/v1/events/history?source=gateway&id=b");
        var listed = (await host.GetAsync("/api/v1/events?id=a"))[0]!;
        var listedVoided = (await host.GetAsync("/api/v1/events?id=b"))[0]!;
        var corrections = await host.GetAsync($"{Route}?source=gateway&id=a");
        await host.GetAsync("/api/v1/events/history?source=gateway&id=nobody", 404);

        Assert.Equal((10, 15, true), (
            (int)history["recorded"]!["data"]!["tokens"]!, (int)history["corrections"]![0]!["event"]!["data"]!["tokens"]!, (bool)history["counts"]!));
        Assert.Equal(("void", false), ((string)voided["corrections"]![0]!["action"]!, (bool)voided["counts"]!));
        Assert.Equal((15, "2026-01-15T09:00:00Z"), ((int)listed["event"]!["data"]!["tokens"]!, (string)listed["correctedAt"]!));
        Assert.True((bool)listedVoided["voided"]!);
        Assert.Equal("A test said so", (string)Assert.Single(corrections["items"]!.AsArray())!["reason"]!);
    }

    [Fact]
    public async Task The_same_correction_again_changes_nothing_and_a_resend_of_the_event_is_a_duplicate_still()
    {
        await using var host = await TestHost.StartAsync();
        await host.MeterAsync("tokens");
        var sent = Tokens("a", 10);
        await host.PostEventsAsync(sent);
        await host.PostAsync(Route, new JsonArray(AmendTokens("a", 15)), 200);

        var again = await host.PostAsync(Route, new JsonArray(AmendTokens("a", 15)), 200);
        var resent = await host.PostEventsAsync(sent);

        Assert.Equal(("unchanged", null), ((string)again["results"]![0]!["outcome"]!, again["batch"]));
        Assert.Equal(1, (int)resent["duplicate"]!);
        Assert.EndsWith(" 15", await host.QueryAsync("tokens"), StringComparison.Ordinal);
        Assert.Single((await host.GetAsync(Route))["items"]!.AsArray());
        Assert.Single((await host.GetAsync("/api/v1/audit?action=event.correct"))["items"]!.AsArray());
    }

    [Fact]
    public async Task An_amendment_that_a_meter_can_not_read_is_marked_and_one_that_it_can_read_is_not_any_more()
    {
        await using var host = await TestHost.StartAsync();
        await host.MeterAsync("tokens");
        await host.PostEventsAsync(EventPosting.Event("a", "2026-01-14T10:00:00Z", new JsonObject()), Tokens("b", 1));

        await host.PostAsync(Route, new JsonArray(AmendTokens("a", 15), Amend("b", ("data", new JsonObject()))), 200);

        var failed = (await host.GetAsync("/api/v1/events?validation=failed")).AsArray();
        Assert.Equal("b", (string)Assert.Single(failed)!["event"]!["id"]!);
        Assert.EndsWith(" 15", await host.QueryAsync("tokens"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""[]""", "")]
    [InlineData("""[{"source":"gateway","id":"a","action":"erase","reason":"r"}]""", "/0/action")]
    [InlineData("""[{"source":"gateway","id":"a","action":"void","reason":"r","subject":"x"}]""", "/0/action")]
    [InlineData("""[{"source":"gateway","id":"a","action":"amend","reason":"r"}]""", "/0/action")]
    [InlineData("""[{"source":"gateway","id":"a","action":"void","reason":""}]""", "/0/reason")]
    [InlineData("""[{"source":"gateway","id":"a","action":"void"}]""", "/0/reason")]
    [InlineData("""[{"source":"gateway","id":"a","action":"amend","reason":"r","data":[1]}]""", "/0/data")]
    [InlineData("""[{"source":"gateway","id":"a","action":"amend","reason":"r","subject":""}]""", "/0/subject")]
    [InlineData("""[{"source":"gateway","id":"a","action":"amend","reason":"r","time":"1969-01-01T00:00:00Z"}]""", "/0/time")]
    [InlineData("""[{"source":"gateway","id":"a","action":"void","reason":"r","colour":"x"}]""", "/0/colour")]
    [InlineData("""[{"source":"g","id":"a","action":"void","reason":"r"},{"source":"g","id":"a","action":"void","reason":"r"}]""", "/1/id")]
    public async Task What_is_no_correction_is_refused_by_field(string body, string pointer)
    {
        await using var host = await TestHost.StartAsync();

        var problem = await host.PostAsync(Route, JsonNode.Parse(body)!, 400);

        Assert.Equal(pointer, (string)problem["errors"]![0]!["pointer"]!);
    }

    [Fact]
    public async Task With_one_event_that_was_never_recorded_nothing_is_corrected()
    {
        await using var host = await TestHost.StartAsync();
        await host.MeterAsync("tokens");
        await host.PostEventsAsync(Tokens("a", 10));

        var problem = await host.PostAsync(Route, new JsonArray(Void("a"), Void("nobody")), 404);

        Assert.Equal("urn:metering:problem:not-found", (string)problem["type"]!);
        Assert.Equal("/1/id", (string)problem["errors"]![0]!["pointer"]!);
        Assert.EndsWith(" 10", await host.QueryAsync("tokens"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_sums_of_a_detached_month_stay_whatever_is_corrected_loaded_or_changed()
    {
        await using var host = await TestHost.StartAsync("2026-03-15T09:00:00Z");
        await host.MeterAsync("tokens");
        await host.PostEventsAsync(Tokens("old", 10), Tokens("new", 1, "2026-03-01T10:00:00Z"));
        await FoldAsync(host);
        await ExecuteAsync(host, "select ingest.make_event_partition('2026-01-14'); select ingest.detach_event_partition('2026-01-14')");

        var gone = await host.PostAsync(Route, new JsonArray(Void("old")), 404);
        var into = await host.PostAsync(Route, new JsonArray(Amend("new", ("time", "2026-01-14T10:30:00Z"))), 400);
        using var dimensions = new StringContent("""{"groupBy":{"model":"$.model"}}""", null, "application/json");
        using var put = await host.Client.PutAsync("/api/v1/meters/tokens", dimensions, Cancelled);
        await host.Services.GetRequiredService<RestatingQueue>().DrainAsync(Cancelled);

        Assert.Equal("/0/id", (string)gone["errors"]![0]!["pointer"]!);
        Assert.Equal("/0/time", (string)into["errors"]![0]!["pointer"]!);
        Assert.Equal(
            """
            2026-01-01T00:00:00Z 2026-02-01T00:00:00Z 10
            2026-03-01T00:00:00Z 2026-04-01T00:00:00Z 1
            """,
            await host.QueryAsync("tokens", "windowSize=MONTH"));
    }

    private static async Task ExecuteAsync(TestHost host, string sql)
    {
        await using var source = NpgsqlDataSource.Create(host.ConnectionString);
        await using var command = source.CreateCommand(sql);
        await command.ExecuteNonQueryAsync(Cancelled);
    }

    private static JsonObject Tokens(string id, int tokens, string time = "2026-01-14T10:20:00Z") =>
        EventPosting.Event(id, time, new JsonObject { ["tokens"] = tokens });

    private static JsonObject Void(string id) => new() { ["source"] = "gateway", ["id"] = id, ["action"] = "void", ["reason"] = "A test said so" };

    private static JsonObject AmendTokens(string id, int tokens) => Amend(id, ("data", new JsonObject { ["tokens"] = tokens }));

    private static JsonObject Amend(string id, params (string Name, JsonNode Value)[] fields)
    {
        var body = Void(id);
        body["action"] = "amend";
        foreach (var (name, value) in fields)
        {
            body[name] = value;
        }

        return body;
    }

    private static Task<bool> FoldAsync(TestHost host) => host.Services.GetRequiredService<RollupFolding>().FoldAsync(Cancelled);

    /// <summary>The one value of each meter.</summary>
    private static async Task<string> AllAsync(TestHost host, string parameters = "")
    {
        var values = new List<string>();
        foreach (var aggregation in Aggregations)
        {
            values.Add((await host.QueryAsync(aggregation.ToLowerInvariant(), parameters)).Split(' ')[^1]);
        }

        return string.Join(" ", values);
    }
}
