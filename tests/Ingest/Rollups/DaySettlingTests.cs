using System.Text.Json.Nodes;
using Metering.Ingest.Rollups;
using Metering.Platform.Database;
using Metering.Testing;
using Microsoft.Extensions.DependencyInjection;
using NodaTime;
using Xunit;

namespace Metering.Ingest.Tests.Rollups;

public sealed class DaySettlingTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_day_that_has_come_to_rest_is_settled_and_answers_the_same()
    {
        await using var host = await StartAsync();
        var before = await AnswersAsync(host);

        Assert.Equal(6, await SettleAsync(host));

        Assert.Equal("2026-01-02 2026-01-03 2026-01-04", await SettledAsync(host, "tokens"));
        Assert.Equal(before, await AnswersAsync(host));
    }

    [Fact]
    public async Task Late_usage_unsettles_its_day_and_counts_at_once()
    {
        await using var host = await StartAsync();
        await SettleAsync(host);

        await host.PostEventsAsync(Event("late", "2026-01-03T05:00:00Z", 1_000));
        Assert.Contains(" 1030", await host.QueryAsync("tokens", "windowSize=MONTH"), StringComparison.Ordinal);
        await FoldAsync(host);
        Assert.Equal("2026-01-02 2026-01-04", await SettledAsync(host, "tokens"));
        Assert.Contains(" 1030", await host.QueryAsync("tokens", "windowSize=MONTH"), StringComparison.Ordinal);

        Assert.Equal(2, await SettleAsync(host));
        Assert.Contains(" 1030", await host.QueryAsync("tokens", "windowSize=MONTH"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_watermark_from_before_a_settled_day_was_complete_is_answered_without_it()
    {
        await using var host = await StartAsync();
        var earlier = (long)(await host.GetAsync("/api/v1/meters/tokens/query?watermark=current"))["watermark"]!;
        await host.PostEventsAsync(Event("late", "2026-01-03T05:00:00Z", 1_000));
        await FoldAsync(host);
        await SettleAsync(host);

        Assert.Contains(" 1030", await host.QueryAsync("tokens", "windowSize=MONTH"), StringComparison.Ordinal);
        Assert.Contains(" 30", await host.QueryAsync("tokens", $"windowSize=MONTH&watermark={earlier}"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_day_rests_two_hours_before_it_is_settled()
    {
        await using var host = await StartAsync();
        var settling = host.Services.GetRequiredService<DaySettling>();
        await SettleAsync(host);

        await host.PostEventsAsync(Event("today", "2026-01-15T08:00:00Z", 1));
        await FoldAsync(host);
        Assert.False(await settling.SettleAsync(Instant.FromUtc(2026, 1, 16, 1, 59), Token));
        Assert.True(await settling.SettleAsync(Instant.FromUtc(2026, 1, 16, 2, 0), Token));
    }

    /// <summary>Three days of usage of two meters and two subjects, folded.</summary>
    private static async Task<TestHost> StartAsync()
    {
        var host = await TestHost.StartAsync("2026-01-15T09:00:00Z");
        await host.MeterAsync("tokens", dimensions: "model");
        await host.MeterAsync("newest", "LATEST");
        var number = 0;
        string[] times = ["2026-01-02T00:00:00Z", "2026-01-02T23:59:59Z", "2026-01-03T12:30:00Z", "2026-01-04T01:00:00Z", "2026-01-04T01:30:00Z"];
        await host.PostEventsAsync(times.SelectMany(time =>
            new[] { Event($"{++number}", time, number, "acme", "big"), Event($"{++number}", time, 1, "other", "small") }));
        await FoldAsync(host);
        return host;
    }

    private static JsonObject Event(string id, string time, int tokens, string subject = "acme", string model = "big") =>
        EventPosting.Event(id, time, new JsonObject { ["tokens"] = tokens, ["model"] = model }, subject);

    private static async Task FoldAsync(TestHost host)
    {
        while (await host.Services.GetRequiredService<MeteringDatabase>().OpenAsync(Token) is var session)
        {
            await using (session)
            {
                if (!await session.SingleAsync<bool>("select exists (select from ingest.usage_delta)", null, Token))
                {
                    return;
                }
            }

            await host.Services.GetRequiredService<RollupFolding>().FoldAsync(Token);
        }
    }

    private static async Task<int> SettleAsync(TestHost host)
    {
        var days = 0;
        while (await host.Services.GetRequiredService<DaySettling>().SettleAsync(host.Now, Token))
        {
            days++;
        }

        return days;
    }

    private static async Task<string> SettledAsync(TestHost host, string slug)
    {
        await using var session = await host.Services.GetRequiredService<MeteringDatabase>().OpenAsync(Token);
        return await session.SingleAsync<string>("""
            select string_agg(to_char(day, 'YYYY-MM-DD'), ' ' order by day)
            from ingest.usage_day_state s
            join ingest.meter m on m.number = s.meter
            where m.slug = @slug and settled
            """, new { slug }, Token);
    }

    private static async Task<string> AnswersAsync(TestHost host)
    {
        string[] questions =
        [
            "", "windowSize=DAY", "windowSize=MONTH", "windowSize=HOUR", "windowSize=DAY&windowTimeZone=Asia/Kolkata", "groupBy=subject",
            "from=2026-01-02T12:00:00Z&to=2026-01-04T01:15:00Z&groupBy=subject", "subject=acme&windowSize=DAY",
        ];
        var answers = new List<string>();
        foreach (var question in questions)
        {
            answers.Add(await host.QueryAsync("tokens", question));
            answers.Add(await host.QueryAsync("newest", question));
        }

        answers.Add(await host.QueryAsync("tokens", "groupBy=model&windowSize=MONTH"));
        answers.Add(await host.QueryAsync("tokens", "filterGroupBy[model]=big"));
        return string.Join("\n\n", answers);
    }
}
