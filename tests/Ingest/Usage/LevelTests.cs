using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json.Nodes;
using FsCheck;
using FsCheck.Fluent;
using Metering.Ingest.Events;
using Metering.Ingest.Rollups;
using Metering.Ingest.Usage;
using Metering.Testing;
using Microsoft.Extensions.DependencyInjection;
using NodaTime;
using NodaTime.Text;
using Xunit;

namespace Metering.Ingest.Tests.Usage;

/// <summary>Weighted sums: levels such as stored gigabytes, added up over the time for which they held.</summary>
public sealed class LevelTests
{
    private const int Values = 200;
    private const int Questions = 120;
    private static readonly Instant Start = Instant.FromUtc(2026, 3, 27, 0, 0);
    private static readonly Instant Now = Instant.FromUtc(2026, 4, 2, 12, 34);
    private static readonly string?[] Disks = ["d1", "d2", null];

    [Fact]
    public async Task A_level_counts_for_the_time_that_it_held()
    {
        await using var host = await TestHost.StartAsync("2026-01-15T09:00:00Z");
        await host.MeterAsync("storage", "WEIGHTED_SUM", value: "$.gb");
        await host.PostEventsAsync(
            EventPosting.Event("1", "2026-01-14T22:00:00Z", new JsonObject { ["gb"] = 4 }),
            EventPosting.Event("2", "2026-01-15T01:30:00Z", new JsonObject { ["gb"] = "10" }),
            EventPosting.Event("3", "2026-01-15T02:00:00Z", new JsonObject { ["gb"] = 0.5 }));

        // 3.5 hours of 4, half an hour of 10, and from two o'clock until now half a gigabyte.
        Assert.Equal("2026-01-14T22:00:00Z 2026-01-15T09:00:00Z 22.5", await host.QueryAsync("storage"));
        Assert.Equal(
            "2026-01-14T00:00:00Z 2026-01-15T00:00:00Z 8\n2026-01-15T00:00:00Z 2026-01-16T00:00:00Z 14.5",
            await host.QueryAsync("storage", "windowSize=DAY"));

        // What nobody reported in a window is carried into it, and time that has not passed is not counted.
        Assert.Equal(
            "2026-01-15T05:00:00Z 2026-01-15T06:00:00Z 0.5",
            await host.QueryAsync("storage", "from=2026-01-15T05:00:00Z&to=2026-01-15T06:00:00Z"));
        Assert.Equal(
            "2026-01-15T08:30:00Z 2026-02-01T00:00:00Z 0.25",
            await host.QueryAsync("storage", "from=2026-01-15T08:30:00Z&to=2026-02-01T00:00:00Z"));
        Assert.Equal("", await host.QueryAsync("storage", "from=2026-01-14T00:00:00Z&to=2026-01-14T22:00:00Z"));
    }

    [Fact]
    public async Task A_late_value_changes_what_lies_between_it_and_the_next()
    {
        await using var host = await TestHost.StartAsync("2026-01-15T09:00:00Z");
        await host.MeterAsync("storage", "WEIGHTED_SUM", value: "$.gb");
        await host.PostEventsAsync(
            EventPosting.Event("1", "2026-01-15T00:00:00Z", new JsonObject { ["gb"] = 1 }),
            EventPosting.Event("2", "2026-01-15T04:00:00Z", new JsonObject { ["gb"] = 3 }));
        const string Until8 = "from=2026-01-15T00:00:00Z&to=2026-01-15T08:00:00Z";
        var before = await host.GetAsync($"/api/v1/meters/storage/query?{Until8}&watermark=current");
        await host.Services.GetRequiredService<RollupFolding>().FoldAsync(TestContext.Current.CancellationToken);

        await host.PostEventsAsync(EventPosting.Event("late", "2026-01-15T01:15:00Z", new JsonObject { ["gb"] = 9 }));

        Assert.Equal(16, (decimal)before["data"]![0]!["value"]!);
        Assert.Equal("2026-01-15T00:00:00Z 2026-01-15T08:00:00Z 38", await host.QueryAsync("storage", Until8));
        await host.Services.GetRequiredService<RollupFolding>().FoldAsync(TestContext.Current.CancellationToken);
        var again = await host.GetAsync($"/api/v1/meters/storage/query?{Until8}&watermark={before["watermark"]}");
        Assert.Equal(before.ToJsonString(), again.ToJsonString());
    }

    [Fact]
    public async Task A_value_that_is_voided_never_held_also_for_later_windows()
    {
        await using var host = await TestHost.StartAsync("2026-01-15T09:00:00Z");
        await host.MeterAsync("storage", "WEIGHTED_SUM", value: "$.gb");
        await host.PostEventsAsync(
            EventPosting.Event("1", "2026-01-15T00:00:00Z", new JsonObject { ["gb"] = 1 }),
            EventPosting.Event("2", "2026-01-15T02:30:00Z", new JsonObject { ["gb"] = 100 }));
        await host.Services.GetRequiredService<RollupFolding>().FoldAsync(TestContext.Current.CancellationToken);
        const string Later = "from=2026-01-15T05:00:00Z&to=2026-01-15T07:00:00Z";
        var before = await host.GetAsync($"/api/v1/meters/storage/query?{Later}&watermark=current");

        await host.PostAsync(
            "/api/v1/events/corrections",
            new JsonArray(new JsonObject { ["action"] = "void", ["source"] = "gateway", ["id"] = "2", ["reason"] = "A mistake" }), 200);
        var atOnce = await host.QueryAsync("storage", Later);
        await host.Services.GetRequiredService<RestatingQueue>().DrainAsync(TestContext.Current.CancellationToken);

        Assert.Equal(200, (decimal)before["data"]![0]!["value"]!);
        Assert.Equal("2026-01-15T05:00:00Z 2026-01-15T07:00:00Z 2", atOnce);
        Assert.Equal(atOnce, await host.QueryAsync("storage", Later));
        var again = await host.GetAsync($"/api/v1/meters/storage/query?{Later}&watermark={before["watermark"]}");
        Assert.Equal(before.ToJsonString(), again.ToJsonString());
    }

    /// <summary>Two disks are two levels, also when nobody asks for disks; without the dimension the last report would stand for both.</summary>
    [Fact]
    public async Task Each_combination_of_dimensions_is_a_level_of_its_own()
    {
        await using var host = await TestHost.StartAsync("2026-01-15T09:00:00Z");
        await host.MeterAsync("storage", "WEIGHTED_SUM", value: "$.gb", dimensions: "disk");
        await host.PostEventsAsync(
            EventPosting.Event("1", "2026-01-15T07:00:00Z", new JsonObject { ["gb"] = 10, ["disk"] = "a" }),
            EventPosting.Event("2", "2026-01-15T08:00:00Z", new JsonObject { ["gb"] = 5, ["disk"] = "b" }));

        Assert.Equal("2026-01-15T07:00:00Z 2026-01-15T09:00:00Z 25", await host.QueryAsync("storage"));
        Assert.Equal(
            "2026-01-15T07:00:00Z 2026-01-15T09:00:00Z disk=a 20\n2026-01-15T07:00:00Z 2026-01-15T09:00:00Z disk=b 5",
            await host.QueryAsync("storage", "groupBy=disk"));
    }

    [Fact]
    public async Task Levels_answer_as_the_events_do()
    {
        await using var host = await TestHost.StartAsync("2026-04-02T12:34:00Z");
        await host.MeterAsync("early", "WEIGHTED_SUM", value: "$.gb", dimensions: "disk");
        var usage = host.Services.GetRequiredService<UsageReader>();
        var folding = host.Services.GetRequiredService<RollupFolding>();
        var number = (ulong)System.Diagnostics.Stopwatch.GetTimestamp();
        var events = GenValue.Sample(Values, new Rnd(number), 50).Select((item, index) => item with { Id = $"v{index}" }).ToImmutableArray();
        var queries = GenQuery.Sample(Questions, new Rnd(number), 50).ToImmutableArray();
        await host.PostEventsAsync(events.Take(120).Select(item => item.ToJson()));
        var watermark = await usage.CurrentWatermarkAsync(TestContext.Current.CancellationToken);
        await folding.FoldAsync(TestContext.Current.CancellationToken);
        await host.PostEventsAsync(events.Skip(100).Take(60).Reverse().Select(item => item.ToJson()));
        await folding.FoldAsync(TestContext.Current.CancellationToken);
        await host.MeterAsync("late", "WEIGHTED_SUM", value: "$.gb", dimensions: "disk");
        await host.PostEventsAsync(events.Skip(160).Select(item => item.ToJson()));

        var answered = 0;
        foreach (var query in queries)
        {
            var asOf = query.AsRecordedBy is null ? query : query with { AsRecordedBy = watermark };
            var expected = Naive(asOf.AsRecordedBy is null ? events : events[..120], asOf);
            var answer = (await usage.ReadAsync(asOf, TestContext.Current.CancellationToken)).Select(Line).ToImmutableArray();
            answered += expected.IsEmpty ? 0 : 1;
            var both = $"expected\n{string.Join("\n", expected)}\nanswered\n{string.Join("\n", answer)}";
            Assert.True(expected.SequenceEqual(answer), $"seed {number}: {asOf}\n{both}");
        }

        Assert.True(answered > Questions / 2, "Most questions had no answer; the test showed little.");
    }

    private static Gen<Value> GenValue =>
        from minutes in Gen.Choose(0, 7 * 24 * 60)
        from subject in Gen.Elements("a", "b")
        from disk in Gen.Elements(Disks)
        from cents in Gen.Choose(-500, 100_000)
        select new Value("", Start + Duration.FromMinutes(minutes / 3 * 3), subject, disk, cents / 100m);

    private static Gen<UsageQuery> GenQuery =>
        from slug in Gen.Elements("early", "late")
        from fromMinute in Gen.Choose(-100, 6 * 24 * 60)
        from length in Gen.Choose(1, 4 * 24 * 60)
        from window in Gen.Elements<UsageWindow?>(null, UsageWindow.Hour, UsageWindow.Day)
        from zone in Gen.Elements("UTC", "Asia/Kolkata", "Europe/Berlin")
        from groupBy in Gen.Elements<string[]>([], ["subject"], ["disk"], ["subject", "disk"])
        from subjects in Gen.Elements<string[]>([], ["a"])
        from filter in Gen.Elements<string[]>([], ["d1"], ["d1", "d2"])
        from past in Gen.Elements(true, false)
        select new UsageQuery(slug, Start + Duration.FromMinutes(fromMinute), Start + Duration.FromMinutes(fromMinute + length))
        {
            Window = window,
            Zone = DateTimeZoneProviders.Tzdb[zone],
            GroupBy = [.. groupBy],
            Subjects = [.. subjects],
            Filters = filter.Length == 0 ? ImmutableSortedDictionary<string, ImmutableArray<string>>.Empty
                : ImmutableSortedDictionary<string, ImmutableArray<string>>.Empty.Add("disk", [.. filter]),
            AsRecordedBy = past ? new Watermark(0) : null,
        };

    /// <summary>The law, minute by minute: in each minute every series has the level that was last reported by its beginning.</summary>
    private static ImmutableArray<string> Naive(ImmutableArray<Value> events, UsageQuery query)
    {
        var sums = new SortedDictionary<string, (Instant Start, Instant End, string? Subject, string? Disk, decimal Minutes)>(StringComparer.Ordinal);
        var series = events
            .Where(item => query.Subjects.IsEmpty || query.Subjects.Contains(item.Subject))
            .Where(item => !query.Filters.TryGetValue("disk", out var accepted) || (item.Disk is { } disk && accepted.Contains(disk)))
            .GroupBy(item => (item.Subject, item.Disk));
        foreach (var values in series)
        {
            var ordered = values.OrderBy(item => item.Time).ThenBy(item => EventIdentity.Key("gateway", item.Id)).ToArray();
            var (next, level) = (0, (decimal?)null);
            for (var minute = Instant.Min(query.From!.Value, Start); minute < Instant.Min(query.To!.Value, Now); minute += Duration.FromMinutes(1))
            {
                for (; next < ordered.Length && ordered[next].Time <= minute; next++)
                {
                    level = ordered[next].Gb;
                }

                if (level is { } held && minute >= query.From)
                {
                    var (start, end) = query.Window is { } window ? WindowOf(window, query.Zone, minute) : (query.From.Value, query.To.Value);
                    var subject = query.GroupBy.Contains("subject") ? values.Key.Subject : null;
                    var disk = query.GroupBy.Contains("disk") ? values.Key.Disk : null;
                    var key = $"{start} {subject} {(disk is null ? "" : $"+{disk}")}";
                    var sum = sums.TryGetValue(key, out var known) ? known.Minutes : 0m;
                    sums[key] = (start, end, subject, disk, sum + held);
                }
            }
        }

        return
        [
            .. sums.Values.OrderBy(item => item.Start).ThenBy(item => item.Subject, StringComparer.Ordinal)
                .ThenBy(item => item.Disk, StringComparer.Ordinal)
                .Select(item => Line(
                    item.Start, item.End, item.Subject, item.Disk, decimal.Round(item.Minutes / 60m, 12, MidpointRounding.AwayFromZero))),
        ];
    }

    private static (Instant Start, Instant End) WindowOf(UsageWindow window, DateTimeZone zone, Instant time)
    {
        var cover = new WindowGrid(window, zone).Cover(time, time + Duration.FromTicks(1), 1)!.Value;
        return (cover[0], cover[1]);
    }

    private static string Line(UsageRow row) => Line(row.Start, row.End, row.Subject, row.Dimensions.GetValueOrDefault("disk"), row.Value);

    private static string Line(Instant start, Instant end, string? subject, string? disk, decimal value) =>
        string.Create(CultureInfo.InvariantCulture, $"{start} {end} {subject} {disk} {value:0.############}");

    private sealed record Value(string Id, Instant Time, string Subject, string? Disk, decimal Gb)
    {
        public JsonObject ToJson()
        {
            var data = new JsonObject { ["gb"] = Gb };
            if (Disk is not null)
            {
                data["disk"] = Disk;
            }

            return EventPosting.Event(Id, InstantPattern.ExtendedIso.Format(Time), data, Subject);
        }
    }
}
