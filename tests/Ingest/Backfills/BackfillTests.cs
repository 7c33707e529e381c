using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Metering.Ingest.Backfills;
using Metering.Ingest.Rollups;
using Metering.Testing;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Metering.Ingest.Tests.Backfills;

/// <summary>A backfill counts all at once or not at all, and is taken back as one.</summary>
public sealed class BackfillTests
{
    private const string Route = "/api/v1/events/backfills";

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Nothing_is_seen_before_the_close_and_everything_after_it()
    {
        await using var host = await TestHost.StartAsync();
        await host.MeterAsync("tokens");
        await host.MeterAsync("users", "UNIQUE_COUNT", value: "$.user");
        await host.PostEventsAsync(Event("live", 1));
        var id = await OpenAsync(host);
        await LoadAsync(host, id, Event("a", 10), Event("b", 20), Event("live", 1));
        await LoadAsync(host, id, Event("b", 20), Event("c", 40), Event("a", 11));

        var open = await host.GetAsync($"{Route}/{id}");
        var beforehand = await host.QueryAsync("tokens");
        Assert.Single((await host.GetAsync("/api/v1/events")).AsArray());
        var asked = await host.PostAsync($"{Route}/{id}/close", new JsonObject(), 202);
        await SettleAsync(host);
        var closed = await host.GetAsync($"{Route}/{id}");

        Assert.Equal(("open", 6, 5, 1), ((string)open["status"]!, (int)open["received"]!, (int)open["staged"]!, (int)open["duplicate"]!));
        Assert.Equal("closing", (string)asked["status"]!);
        Assert.EndsWith(" 1", beforehand, StringComparison.Ordinal);
        Assert.Equal(("closed", 3, 2, 1, 0), ((string)closed["status"]!, (int)closed["accepted"]!, (int)closed["duplicate"]!,
            (int)closed["conflict"]!, (int)closed["staged"]!));
        Assert.EndsWith(" 71", await host.QueryAsync("tokens"), StringComparison.Ordinal);
        Assert.EndsWith(" 4", await host.QueryAsync("users"), StringComparison.Ordinal);
        Assert.EndsWith(" 1", await host.QueryAsync("tokens", $"watermark={(long)closed["batch"]! - 1}"), StringComparison.Ordinal);
        Assert.Equal(4, (await host.GetAsync("/api/v1/events")).AsArray().Count);
        Assert.Equal("a", (string)Assert.Single((await host.GetAsync("/api/v1/events/conflicts"))["items"]!.AsArray())!["id"]!);
        await RestateAsync(host);
        Assert.EndsWith(" 71", await host.QueryAsync("tokens"), StringComparison.Ordinal);
        Assert.EndsWith(" 1", await host.QueryAsync("tokens", $"watermark={(long)closed["batch"]! - 1}"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task One_that_is_reverted_before_its_close_leaves_nothing_and_its_name_is_free()
    {
        await using var host = await TestHost.StartAsync();
        await host.MeterAsync("tokens");
        var id = await OpenAsync(host);
        await LoadAsync(host, id, Event("a", 10));

        await host.PostAsync($"{Route}/{id}/revert", new JsonObject(), 202);
        await SettleAsync(host);
        var second = await OpenAsync(host);
        var resent = await host.PostEventsAsync(Event("a", 12));

        Assert.Equal("reverted", (string)(await host.GetAsync($"{Route}/{id}"))["status"]!);
        Assert.NotEqual(id, second);
        Assert.Equal(1, (int)resent["accepted"]!);
        Assert.EndsWith(" 12", await host.QueryAsync("tokens"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task One_that_is_reverted_after_its_close_is_gone_as_one_and_counts_when_it_is_loaded_again()
    {
        await using var host = await TestHost.StartAsync();
        await host.MeterAsync("tokens");
        await host.MeterAsync("highest", "MAX");
        await host.PostEventsAsync(Event("live", 1));
        var id = await CloseWithAsync(host, Event("a", 10), Event("b", 20));
        await host.PostAsync("/api/v1/events/corrections", JsonNode.Parse(
            """[{"source":"gateway","id":"a","action":"amend","time":"2026-01-13T10:00:00Z","reason":"r"}]""")!, 200);
        await RestateAsync(host);
        var counted = await host.QueryAsync("tokens", "windowSize=HOUR");
        var watermark = (long)(await host.GetAsync("/api/v1/meters/tokens/query?watermark=current"))["watermark"]!;

        await host.PostAsync($"{Route}/{id}/revert", new JsonObject(), 202);
        await SettleAsync(host);
        var atOnce = await host.QueryAsync("tokens");
        await RestateAsync(host);
        var again = await CloseWithAsync(host, Event("a", 100), Event("b", 200));
        var resent = await host.PostEventsAsync(Event("b", 200));

        Assert.Equal("2026-01-13T10:00:00Z 2026-01-13T11:00:00Z 10\n2026-01-14T10:00:00Z 2026-01-14T11:00:00Z 21", counted);
        Assert.EndsWith(" 1", atOnce, StringComparison.Ordinal);
        Assert.Equal(2, (int)(await host.GetAsync($"{Route}/{again}"))["accepted"]!);
        Assert.Equal(1, (int)resent["duplicate"]!);
        Assert.EndsWith(" 301", await host.QueryAsync("tokens"), StringComparison.Ordinal);
        Assert.EndsWith(" 200", await host.QueryAsync("highest"), StringComparison.Ordinal);
        Assert.Equal(counted, await host.QueryAsync("tokens", $"windowSize=HOUR&watermark={watermark}"));
        Assert.Equal(["closed", "reverted"], (await host.GetAsync(Route))["items"]!.AsArray().Select(item => (string)item!["status"]!));
    }

    [Fact]
    public async Task A_close_that_is_interrupted_goes_on_and_a_live_event_on_the_way_is_a_duplicate()
    {
        await using var host = await TestHost.StartAsync();
        await host.MeterAsync("tokens");
        var id = await OpenAsync(host);
        for (var part = 0; part < 3; part++)
        {
            await LoadAsync(host, id, [.. Enumerable.Range(0, 4_000).Select(number => Event($"e{part}-{number}", 1))]);
        }

        await host.PostAsync($"{Route}/{id}/close", new JsonObject(), 202);
        using var killed = CancellationTokenSource.CreateLinkedTokenSource(Cancelled);
        var half = host.Services.GetRequiredService<BackfillQueue>().StepAsync(killed.Token);
        await killed.CancelAsync();
        await Task.WhenAny(half);
        await SettleAsync(host);

        var closed = await host.GetAsync($"{Route}/{id}");
        var resent = await host.PostEventsAsync(Event("e0-0", 1));
        Assert.Equal((12_000, 0), ((int)closed["accepted"]!, (int)closed["duplicate"]!));
        Assert.EndsWith(" 12000", await host.QueryAsync("tokens"), StringComparison.Ordinal);
        Assert.Equal(1, (int)resent["duplicate"]!);
    }

    [Fact]
    public async Task Who_follows_usage_hears_of_a_close_and_of_a_revert_and_both_are_audited()
    {
        await using var host = await TestHost.StartAsync();
        await host.MeterAsync("tokens");
        var id = await CloseWithAsync(host, Event("a", 10));
        await host.PostAsync($"{Route}/{id}/close", new JsonObject(), 202);
        await host.PostAsync($"{Route}/{id}/revert", new JsonObject(), 202);
        await SettleAsync(host);
        await host.PostAsync($"{Route}/{id}/revert", new JsonObject(), 202);

        var actions = (await host.GetAsync("/api/v1/audit?resourceType=backfill"))["items"]!.AsArray()
            .Select(item => $"{item!["action"]} {item["after"]!["status"]}").Reverse();
        Assert.Equal(
            ["backfill.open open", "backfill.close closing", "backfill.close closed", "backfill.revert reverting", "backfill.revert reverted"],
            actions);
    }

    [Fact]
    public async Task What_can_not_be_done_with_a_backfill_is_told()
    {
        await using var host = await TestHost.StartAsync();
        var id = await CloseWithAsync(host);

        var name = await host.PostAsync(Route, new JsonObject { ["name"] = "" }, 400);
        var taken = await host.PostAsync(Route, new JsonObject { ["name"] = "march" }, 409);
        var late = await SendAsync(host, id, new JsonArray(Event("a", 1)));
        var malformed = await SendAsync(host, await OpenAsync(host, "april"), new JsonArray(new JsonObject { ["id"] = "1" }));
        await host.PostAsync($"{Route}/nobody/close", new JsonObject(), 404);
        await host.GetAsync($"{Route}/nobody", 404);

        Assert.Equal("/name", (string)name["errors"]![0]!["pointer"]!);
        Assert.Equal("urn:metering:problem:already-exists", (string)taken["type"]!);
        Assert.Equal((409, 400), (late.Status, malformed.Status));
        Assert.Contains("/0/source", malformed.Body, StringComparison.Ordinal);
    }

    private static JsonObject Event(string id, int tokens) =>
        EventPosting.Event(id, "2026-01-14T10:20:00Z", new JsonObject { ["tokens"] = tokens, ["user"] = id });

    private static async Task<string> OpenAsync(TestHost host, string name = "march") =>
        (string)(await host.PostAsync(Route, new JsonObject { ["name"] = name }, 201))["id"]!;

    private static async Task<string> CloseWithAsync(TestHost host, params JsonObject[] events)
    {
        var id = await OpenAsync(host);
        await LoadAsync(host, id, events);
        await host.PostAsync($"{Route}/{id}/close", new JsonObject(), 202);
        await SettleAsync(host);
        return id;
    }

    private static async Task LoadAsync(TestHost host, string id, params JsonObject[] events)
    {
        var (status, body) = await SendAsync(host, id, new JsonArray([.. events.Select(item => item.DeepClone())]));
        Assert.True(status == 204, body);
    }

    private static async Task<(int Status, string Body)> SendAsync(TestHost host, string id, JsonArray events)
    {
        using var content = new StringContent(events.ToJsonString(), Encoding.UTF8, MediaTypeHeaderValue.Parse("application/cloudevents-batch+json"));
        using var response = await host.Client.PostAsync($"{Route}/{id}/events", content, Cancelled);
        return ((int)response.StatusCode, await response.Content.ReadAsStringAsync(Cancelled));
    }

    /// <summary>Until what was asked for has been carried out, by this step or by the host itself.</summary>
    private static Task SettleAsync(TestHost host) => host.UntilAsync(async () =>
    {
        await host.Services.GetRequiredService<BackfillQueue>().DrainAsync(Cancelled);
        return (await host.GetAsync(Route))["items"]!.AsArray().All(item => !((string)item!["status"]!).EndsWith("ing", StringComparison.Ordinal));
    });

    private static async Task RestateAsync(TestHost host)
    {
        await host.Services.GetRequiredService<RollupFolding>().FoldAsync(Cancelled);
        await host.Services.GetRequiredService<RestatingQueue>().DrainAsync(Cancelled);
    }
}
