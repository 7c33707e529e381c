using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Metering.Ingest.Rollups;
using Metering.Ingest.Usage;
using Metering.Testing;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Metering.Ingest.Tests.Usage;

public sealed class WatermarkTests
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_same_watermark_answers_the_same_while_others_write_fold_and_backfill()
    {
        await using var host = await TestHost.StartAsync();
        await host.MeterAsync("tokens");
        await host.MeterAsync("latest", "LATEST");
        var usage = host.Services.GetRequiredService<UsageReader>();
        var folding = host.Services.GetRequiredService<RollupFolding>();
        var first = new List<(UsageQuery Query, string Answer)>();

        var writers = Enumerable.Range(0, 4).Select(writer => Task.Run(
            async () =>
            {
                for (var i = 0; i < 40; i++)
                {
                    var hour = (writer + i) % 24;
                    var data = new JsonObject { ["tokens"] = i + 1 };
                    await host.PostEventsAsync(EventPosting.Event($"{writer}-{i}", $"2026-01-14T{hour:D2}:{i:D2}:00Z", data, $"s{i % 3}"));
                }
            },
            Cancelled)).ToArray();
        while (!writers.All(writer => writer.IsCompleted))
        {
            var watermark = await usage.CurrentWatermarkAsync(Cancelled);
            foreach (var query in Queries(watermark))
            {
                first.Add((query, Text(await usage.ReadAsync(query, Cancelled))));
            }

            await folding.FoldAsync(Cancelled);
        }

        await Task.WhenAll(writers);
        using var dimensions = new StringContent("""{"groupBy":{"model":"$.model"}}""", System.Text.Encoding.UTF8, "application/json");
        using var put = await host.Client.PutAsync("/api/v1/meters/tokens", dimensions, Cancelled);
        Assert.Equal(200, (int)put.StatusCode);
        await folding.FoldAsync(Cancelled);

        Assert.True(first.Select(item => item.Answer).Distinct().Count() > 3, "The watermarks were all the same; the test showed nothing.");
        foreach (var (query, answer) in first)
        {
            Assert.Equal(answer, Text(await usage.ReadAsync(query, Cancelled)));
        }
    }

    [Fact]
    public async Task A_watermark_from_an_answer_can_be_asked_with_again()
    {
        await using var host = await TestHost.StartAsync();
        await host.MeterAsync("tokens");
        await host.PostEventsAsync(EventPosting.Event("1", "2026-01-14T10:00:00Z", new JsonObject { ["tokens"] = 1 }));

        var now = await host.GetAsync("/api/v1/meters/tokens/query?watermark=current");
        await host.PostEventsAsync(EventPosting.Event("2", "2026-01-14T09:00:00Z", new JsonObject { ["tokens"] = 1 }));
        var again = await host.GetAsync($"/api/v1/meters/tokens/query?watermark={now["watermark"]}");

        Assert.Equal(now.ToJsonString(), again.ToJsonString());
        Assert.Equal(2, (int)(await host.GetAsync("/api/v1/meters/tokens/query"))["data"]![0]!["value"]!);
    }

    [Fact]
    public async Task A_time_of_recording_answers_what_was_known_then_and_tells_the_watermark()
    {
        await using var host = await TestHost.StartAsync("2026-01-15T09:00:00Z");
        await host.MeterAsync("tokens");
        await host.PostEventsAsync(EventPosting.Event("1", "2026-01-14T10:00:00Z", new JsonObject { ["tokens"] = 1 }));
        await host.AdvanceToAsync("2026-01-15T10:00:00Z");
        await host.PostEventsAsync(EventPosting.Event("2", "2026-01-14T09:00:00Z", new JsonObject { ["tokens"] = 2 }));

        var at = await host.GetAsync("/api/v1/meters/tokens/query?asRecordedAt=2026-01-15T09:30:00Z");
        var posted = await host.PostAsync("/api/v1/meters/tokens/query", new JsonObject { ["asRecordedAt"] = "2026-01-15T09:30:00Z" });
        var byWatermark = await host.GetAsync($"/api/v1/meters/tokens/query?watermark={at["watermark"]}");
        var earlier = await host.GetAsync("/api/v1/meters/tokens/query?asRecordedAt=2026-01-15T09:00:00Z");
        var now = await host.GetAsync("/api/v1/meters/tokens/query?asRecordedAt=2026-01-15T10:00:00Z");
        using var csv = new HttpRequestMessage(HttpMethod.Get, "/api/v1/meters/tokens/query?asRecordedAt=2026-01-15T09:30:00Z");
        csv.Headers.Add("Accept", "text/csv");
        using var csvAnswer = await host.Client.SendAsync(csv, Cancelled);

        Assert.Equal(1, (int)at["data"]![0]!["value"]!);
        Assert.Equal(at.ToJsonString(), posted.ToJsonString());
        Assert.Equal(at.ToJsonString(), byWatermark.ToJsonString());
        Assert.Equal((0, 0), ((int)earlier["watermark"]!, earlier["data"]!.AsArray().Count));
        Assert.Equal(1, (int)now["data"]![0]!["value"]!);
        Assert.Equal(at["watermark"]!.ToString(), csvAnswer.Headers.GetValues("Metering-Watermark").Single());
    }

    [Theory]
    [InlineData("asRecordedAt=2026-01-15T09:00:01Z", "?asRecordedAt")]
    [InlineData("asRecordedAt=yesterday", "?asRecordedAt")]
    [InlineData("asRecordedAt=2026-01-15T08:00:00Z&watermark=1", "?asRecordedAt")]
    public async Task A_time_of_recording_that_can_not_be_asked_with_is_named(string parameters, string pointer)
    {
        await using var host = await TestHost.StartAsync("2026-01-15T09:00:00Z");
        await host.MeterAsync("tokens");

        var problem = await host.GetAsync($"/api/v1/meters/tokens/query?{parameters}", 400);

        Assert.Equal(pointer, (string)problem["errors"]![0]!["pointer"]!);
    }

    private static IEnumerable<UsageQuery> Queries(Watermark watermark)
    {
        yield return new UsageQuery("tokens", null, null) { AsRecordedBy = watermark };
        yield return new UsageQuery("tokens", null, null)
        {
            AsRecordedBy = watermark, Window = UsageWindow.Hour, GroupBy = [UsageReader.SubjectDimension],
        };
        yield return new UsageQuery("latest", null, null) { AsRecordedBy = watermark, Window = UsageWindow.Day };
    }

    private static string Text(ImmutableArray<UsageRow> rows) =>
        string.Join("\n", rows.Select(row => $"{row.Start} {row.End} {row.Subject} {row.Value}"));
}
