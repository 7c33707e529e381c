using System.Text.Json.Nodes;
using Metering.Ingest.Rollups;
using Metering.Platform.Database;
using Metering.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging.Abstractions;
using NodaTime;
using Npgsql;
using Xunit;

namespace Metering.Ingest.Tests.Meters;

/// <summary>A new meter counts what was stored before it while recording goes on.</summary>
public sealed class MeterBackfillTests
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task While_stored_events_are_counted_answers_are_right_and_progress_is_told()
    {
        await using var host = await TestHost.StartAsync();
        await StopLoopAsync(host);
        await host.MeterAsync("first");
        await host.PostEventsAsync(Enumerable.Range(0, 48).Select(hour => Tokens($"e{hour}", 1, hour)));

        var created = await host.MeterAsync("second");
        var whileRunning = await host.QueryAsync("second", "windowSize=DAY");
        var steps = 0;
        var slow = SlicesOf(host, 10);
        while (await slow.StepAsync(Cancelled))
        {
            // Late events come between the slices, before and behind the place that counting has come to.
            await host.PostEventsAsync(Tokens($"late{steps}", 1, steps % 48));
            steps++;
            Assert.Equal(await host.QueryAsync("first", "windowSize=HOUR"), await host.QueryAsync("second", "windowSize=HOUR"));
        }

        var finished = (await host.GetAsync("/api/v1/meters/second"))["backfill"]!;
        Assert.Equal(("running", 0), ((string)created["backfill"]!["status"]!, (int)created["backfill"]!["events"]!));
        Assert.Equal("2026-01-10T00:00:00Z 2026-01-11T00:00:00Z 24\n2026-01-11T00:00:00Z 2026-01-12T00:00:00Z 24", whileRunning);
        Assert.True(steps > 5, $"{steps} steps are too few to show anything.");
        Assert.Equal(("complete", 48), ((string)finished["status"]!, (int)finished["eventsTotal"]!));
        Assert.True((int)finished["events"]! >= 48);
        Assert.Equal(await host.QueryAsync("first", "windowSize=HOUR"), await host.QueryAsync("second", "windowSize=HOUR"));
        Assert.Equal("48", await HoursInRollupsAsync(host, "second"));
    }

    [Fact]
    public async Task Counting_goes_on_where_it_was_interrupted_and_counts_nothing_twice()
    {
        await using var host = await TestHost.StartAsync();
        await StopLoopAsync(host);
        await host.MeterAsync("first");
        await host.PostEventsAsync(Enumerable.Range(0, 48).Select(hour => Tokens($"e{hour}", 1, hour)));
        await host.MeterAsync("second");
        var slow = SlicesOf(host, 10);
        await slow.StepAsync(Cancelled);
        await slow.StepAsync(Cancelled);

        // A slice that does not get to its commit, as when the server is killed.
        using var killed = CancellationTokenSource.CreateLinkedTokenSource(Cancelled);
        var half = slow.StepAsync(killed.Token);
        await killed.CancelAsync();
        await Task.WhenAny(half);
        await host.Services.GetRequiredService<RestatingQueue>().DrainAsync(Cancelled);

        Assert.Equal(await host.QueryAsync("first", "windowSize=HOUR"), await host.QueryAsync("second", "windowSize=HOUR"));
        Assert.Equal("complete", (string)(await host.GetAsync("/api/v1/meters/second"))["backfill"]!["status"]!);
    }

    [Fact]
    public async Task Recording_goes_on_while_hours_are_rearranged()
    {
        await using var host = await TestHost.StartAsync();
        await host.MeterAsync("tokens");
        await host.PostEventsAsync(Tokens("a", 1, 0));
        await using var source = NpgsqlDataSource.Create(host.ConnectionString);
        await using var connection = await source.OpenConnectionAsync(Cancelled);
        await using var transaction = await connection.BeginTransactionAsync(Cancelled);
        await using var hold = new NpgsqlCommand($"select pg_advisory_xact_lock({0x1E57}, 2)", connection, transaction);
        await hold.ExecuteNonQueryAsync(Cancelled);

        await host.PostEventsAsync(Tokens("b", 2, 0));

        Assert.EndsWith(" 3", await host.QueryAsync("tokens"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task New_dimensions_apply_to_stored_events_and_corrections_in_between_are_not_lost()
    {
        await using var host = await TestHost.StartAsync();
        await StopLoopAsync(host);
        await host.MeterAsync("tokens");
        await host.PostEventsAsync(Tokens("a", 1, 0), Tokens("b", 2, 1), Tokens("c", 4, 1));

        using var dimensions = new StringContent("""{"groupBy":{"model":"$.model"}}""", null, "application/json");
        using var put = await host.Client.PutAsync("/api/v1/meters/tokens", dimensions, Cancelled);
        await host.PostAsync("/api/v1/events/corrections", JsonNode.Parse(
            """[{"source":"gateway","id":"c","action":"void","reason":"r"}]""")!, 200);
        const string Expected = "2026-01-10T00:00:00Z 2026-01-10T02:00:00Z model=big 3";

        Assert.Equal(200, (int)put.StatusCode);
        Assert.Equal(Expected, await host.QueryAsync("tokens", "groupBy=model"));
        Assert.Equal(["big"], (await host.GetAsync("/api/v1/meters/tokens/group-by/model/values?from=2026-01-01T00:00:00Z")).AsArray()
            .Select(value => (string)value!));
        await host.Services.GetRequiredService<RestatingQueue>().DrainAsync(Cancelled);
        Assert.Equal(Expected, await host.QueryAsync("tokens", "groupBy=model"));
    }

    [Fact]
    public async Task A_meter_that_was_there_first_tells_of_no_backfill_and_progress_is_no_change_of_a_meter()
    {
        await using var host = await TestHost.StartAsync();
        await StopLoopAsync(host);
        var first = await host.MeterAsync("first");
        await host.PostEventsAsync(Tokens("a", 1, 0));
        await host.MeterAsync("second");
        using var running = await host.Client.GetAsync("/api/v1/meters/second", Cancelled);
        await host.Services.GetRequiredService<RestatingQueue>().DrainAsync(Cancelled);
        using var complete = await host.Client.GetAsync("/api/v1/meters/second", Cancelled);

        Assert.Null(first["backfill"]);
        Assert.Equal(running.Headers.ETag, complete.Headers.ETag);
        Assert.NotEqual(await running.Content.ReadAsStringAsync(Cancelled), await complete.Content.ReadAsStringAsync(Cancelled));
    }

    private static JsonObject Tokens(string id, int tokens, int hour) => EventPosting.Event(
        id, $"2026-01-{10 + (hour / 24):D2}T{hour % 24:D2}:30:00Z", new JsonObject { ["tokens"] = tokens, ["model"] = "big" });

    /// <summary>The test takes the steps itself.</summary>
    private static Task StopLoopAsync(TestHost host) =>
        host.Services.GetServices<IHostedService>().OfType<RestatingLoop>().Single().StopAsync(Cancelled);

    private static MeterBackfill SlicesOf(TestHost host, int events) => new(
        host.Services.GetRequiredService<MeteringDatabase>(), host.Services.GetRequiredService<HourRestating>(),
        host.Services.GetRequiredService<IClock>(), NullLogger<MeterBackfill>.Instance, events);

    private static async Task<string> HoursInRollupsAsync(TestHost host, string slug)
    {
        await host.Services.GetRequiredService<RollupFolding>().FoldAsync(Cancelled);
        await using var source = NpgsqlDataSource.Create(host.ConnectionString);
        await using var command = source.CreateCommand(
            "select count(*) from ingest.usage_hour h join ingest.meter m on m.number = h.meter where m.slug = $1");
        command.Parameters.AddWithValue(slug);
        return $"{await command.ExecuteScalarAsync(Cancelled)}";
    }
}
