using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json.Nodes;
using FsCheck;
using FsCheck.Fluent;
using Metering.Ingest.Backfills;
using Metering.Ingest.Filters;
using Metering.Ingest.Meters;
using Metering.Ingest.Rollups;
using Metering.Ingest.Usage;
using Metering.Testing;
using Microsoft.Extensions.DependencyInjection;
using NodaTime;
using NodaTime.Text;
using Xunit;

namespace Metering.Ingest.Tests.Usage;

/// <summary>
/// What the rollups answer is what adding up the events one by one answers, whatever is asked and however they are corrected. Levels:
/// <see cref="LevelTests"/>.
/// </summary>
public sealed class RollupPropertyTests
{
    private const int Events = 300;
    private const int Size = 50;
    private const int Questions = 150;
    private const int Corrections = 80;
    private static readonly Instant Start = Instant.FromUtc(2026, 3, 27, 0, 0);
    private static readonly string[] Zones = ["UTC", "Europe/Berlin", "Asia/Kolkata", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu"];
    private static readonly Aggregation[] Aggregations = [.. Enum.GetValues<Aggregation>().Where(item => item != Aggregation.WeightedSum)];
    private static readonly string?[] Models = ["big", "small", null];

    [Fact]
    public async Task Rollups_answer_as_the_events_do()
    {
        await using var host = await TestHost.StartAsync("2026-05-01T00:00:00Z");
        var aggregations = Aggregations;
        foreach (var aggregation in aggregations.Take(4))
        {
            await MeterAsync(host, aggregation);
        }

        var usage = host.Services.GetRequiredService<UsageReader>();
        var folding = host.Services.GetRequiredService<RollupFolding>();
        var number = (ulong)System.Diagnostics.Stopwatch.GetTimestamp();
        var seed = new Rnd(number);
        var events = GenEvent.Sample(Events, seed, Size).Select((item, index) => item with { Id = $"e{index}" }).ToImmutableArray();
        var queries = GenQuery.Sample(Questions, seed, Size).ToImmutableArray();
        Assert.Equal((Events, Questions), (events.Length, queries.Length));
        await host.PostEventsAsync(events.Take(100).Select(item => item.ToJson()));
        await folding.FoldAsync(TestContext.Current.CancellationToken);
        await host.PostEventsAsync(events.Skip(100).Take(100).Reverse().Select(item => item.ToJson()));
        foreach (var aggregation in aggregations.Skip(4))
        {
            await MeterAsync(host, aggregation);
        }

        await folding.FoldAsync(TestContext.Current.CancellationToken);
        await host.PostEventsAsync(events.Skip(150).Select(item => item.ToJson()));

        var answered = await AskAsync(usage, queries, events, null, $"seed {number}");
        Assert.True(answered > Questions / 2, "Most questions had no answer; the test showed little.");

        var recorded = await usage.CurrentWatermarkAsync(TestContext.Current.CancellationToken);
        var corrected = await CorrectAsync(host, events, GenCorrection.Sample(Corrections, seed, Size));
        await AskAsync(usage, queries, corrected, null, $"seed {number}, corrected");
        await folding.FoldAsync(TestContext.Current.CancellationToken);
        await host.Services.GetRequiredService<RestatingQueue>().DrainAsync(TestContext.Current.CancellationToken);
        await AskAsync(usage, queries, corrected, null, $"seed {number}, made anew");
        await AskAsync(usage, queries, events, recorded, $"seed {number}, as recorded before");

        var late = GenEvent.Sample(Corrections, seed, Size).Select((item, index) => item with { Id = $"late{index}" }).ToImmutableArray();
        var beforehand = await usage.CurrentWatermarkAsync(TestContext.Current.CancellationToken);
        var backfill = await BackfillAsync(host, late);
        await AskAsync(usage, queries, [.. corrected, .. late], null, $"seed {number}, with a backfill");
        var closed = await usage.CurrentWatermarkAsync(TestContext.Current.CancellationToken);
        await host.PostAsync($"/api/v1/events/backfills/{backfill}/revert", new JsonObject(), 202);
        await SettleAsync(host);
        await AskAsync(usage, queries, corrected, null, $"seed {number}, reverted");
        await host.Services.GetRequiredService<RestatingQueue>().DrainAsync(TestContext.Current.CancellationToken);
        await AskAsync(usage, queries, corrected, null, $"seed {number}, reverted and made anew");
        await AskAsync(usage, queries, corrected, beforehand, $"seed {number}, before the backfill");
        await AskAsync(usage, queries, [.. corrected, .. late], closed, $"seed {number}, as it was with the backfill");
    }

    private static async Task<string> BackfillAsync(TestHost host, ImmutableArray<Usage> events)
    {
        var id = (string)(await host.PostAsync("/api/v1/events/backfills", new JsonObject { ["name"] = "late" }, 201))["id"]!;
        await host.PostAsync($"/api/v1/events/backfills/{id}/events", new JsonArray([.. events.Select(item => item.ToJson())]), 204);
        await host.PostAsync($"/api/v1/events/backfills/{id}/close", new JsonObject(), 202);
        await SettleAsync(host);
        return id;
    }

    private static Task SettleAsync(TestHost host) => host.UntilAsync(async () =>
    {
        await host.Services.GetRequiredService<BackfillQueue>().DrainAsync(TestContext.Current.CancellationToken);
        var backfills = (await host.GetAsync("/api/v1/events/backfills"))["items"]!.AsArray();
        return backfills.All(item => !((string)item!["status"]!).EndsWith("ing", StringComparison.Ordinal));
    });

    /// <returns>How many questions had an answer.</returns>
    private static async Task<int> AskAsync(
        UsageReader usage, ImmutableArray<UsageQuery> queries, ImmutableArray<Usage> events, Watermark? watermark, string when)
    {
        var answered = 0;
        foreach (var query in queries)
        {
            var expected = Naive(events, query);
            var answer = (await usage.ReadAsync(query with { AsRecordedBy = watermark }, TestContext.Current.CancellationToken)).Select(Line);
            answered += expected.IsEmpty ? 0 : 1;
            var both = $"expected\n{string.Join("\n", expected)}\nanswered\n{string.Join("\n", answer)}";
            Assert.True(expected.SequenceEqual(answer), $"{when}: {Describe(query)}\n{both}");
        }

        return answered;
    }

    /// <summary>Voids and amends some of the events, some more than once.</summary>
    /// <returns>What counts after that.</returns>
    private static async Task<ImmutableArray<Usage>> CorrectAsync(
        TestHost host, ImmutableArray<Usage> events, IEnumerable<(int Index, bool Voids, Usage After)> corrections)
    {
        var counting = events.ToDictionary(item => item.Id);
        foreach (var (index, voids, after) in corrections)
        {
            var id = events[index].Id;
            await host.PostAsync("/api/v1/events/corrections", new JsonArray(after.ToCorrection(id, voids)), 200);
            counting.Remove(id);
            if (!voids)
            {
                counting.Add(id, after with { Id = id });
            }
        }

        return [.. counting.Values];
    }

    private static Task MeterAsync(TestHost host, Aggregation aggregation) =>
        host.MeterAsync(
            Slug(aggregation), AggregationCode.Of(aggregation), value: aggregation == Aggregation.UniqueCount ? "$.user" : "$.tokens",
            dimensions: "model");

    private static Gen<Usage> GenEvent =>
        from minutes in Gen.Choose(0, 4 * 24 * 60)
        from micros in Gen.Elements(0, 0, 0, 59_999_999)
        from subject in Gen.Elements("a", "b", "c")
        from model in Gen.Elements(Models)
        from user in Gen.Choose(1, 6)
        from cents in Gen.Choose(-500, 100_000)
        select new Usage("", Start.Plus(Duration.FromMinutes(minutes) + Duration.FromTicks(micros * 10L)), subject, model, $"u{user}", cents / 100m);

    private static Gen<(int Index, bool Voids, Usage After)> GenCorrection =>
        from index in Gen.Choose(0, Events - 1)
        from voids in Gen.Elements(true, false)
        from after in GenEvent
        select (index, voids, after);

    private static Gen<UsageQuery> GenQuery =>
        from aggregation in Gen.Elements(Aggregations)
        from fromMinute in Gen.Choose(-100, 3 * 24 * 60)
        from length in Gen.Choose(1, 3 * 24 * 60)
        from wholeHours in Gen.Elements(true, false)
        from open in Gen.Choose(0, 5)
        from window in Gen.Elements<UsageWindow?>(null, UsageWindow.Minute, UsageWindow.Hour, UsageWindow.Day, UsageWindow.Month)
        from zone in Gen.Elements(Zones)
        from groupBy in Gen.Elements<string[]>([], ["subject"], ["model"], ["subject", "model"])
        from subjects in Gen.Elements<string[]>([], ["a"], ["b", "c"])
        from filter in Gen.Elements<string[]>([], ["big"], ["big", "small"])
        from condition in Gen.Elements(Conditions)
        let step = wholeHours ? 60 : 1
        let start = Start + Duration.FromMinutes(fromMinute / step * step)
        let end = start + Duration.FromMinutes((length / step * step) + step)
        select new UsageQuery(Slug(aggregation), open == 0 ? null : start, open == 1 ? null : end)
        {
            Window = window,
            Zone = DateTimeZoneProviders.Tzdb[zone],
            GroupBy = [.. groupBy],
            Subjects = [.. subjects],
            Filters = filter.Length == 0 ? ImmutableSortedDictionary<string, ImmutableArray<string>>.Empty
                : ImmutableSortedDictionary<string, ImmutableArray<string>>.Empty.Add("model", [.. filter]),
            TextFilters = condition.Filter is null ? ImmutableSortedDictionary<string, TextFilter>.Empty
                : ImmutableSortedDictionary<string, TextFilter>.Empty.Add("model", condition.Filter),
        };

    /// <summary>Conditions as they are asked, and what they mean.</summary>
    private static readonly (TextFilter? Filter, Func<string?, bool> Passes)[] Conditions =
    [
        (null, _ => true),
        (new TextFilter { Ne = "big" }, model => model != "big"),
        (new TextFilter { Like = "b%" }, model => model == "big"),
        (new TextFilter { Nilike = "SM_LL" }, model => model != "small"),
        (new TextFilter { Or = [new TextFilter { Eq = "big" }, new TextFilter { Gt = "big" }] }, model => model is not null),
    ];

    /// <summary>The law, told without batches or tables.</summary>
    private static ImmutableArray<string> Naive(ImmutableArray<Usage> events, UsageQuery query)
    {
        var matching = events.Where(item => !(item.Time < query.From) && !(item.Time >= query.To)
            && (query.Subjects.IsEmpty || query.Subjects.Contains(item.Subject))
            && (!query.Filters.TryGetValue("model", out var accepted) || (item.Model is { } model && accepted.Contains(model)))
            && Conditions.Single(condition => condition.Filter == query.TextFilters.GetValueOrDefault("model")).Passes(item.Model))
            .ToImmutableArray();
        if (matching.IsEmpty)
        {
            return [];
        }

        var first = Floor(matching.Min(item => item.Time));
        var last = Floor(matching.Max(item => item.Time)) + Duration.FromHours(1);
        return
        [
            .. matching
                .GroupBy(item => (
                    Span: query.Window is { } window ? WindowOf(window, query.Zone, item.Time) : (Start: query.From ?? first, End: query.To ?? last),
                    Subject: query.GroupBy.Contains("subject") ? item.Subject : null,
                    Model: query.GroupBy.Contains("model") ? item.Model : null))
                .OrderBy(group => group.Key.Span.Start)
                .ThenBy(group => group.Key.Subject, StringComparer.Ordinal)
                .ThenBy(group => group.Key.Model, StringComparer.Ordinal)
                .Select(group => Line(group.Key.Span.Start, group.Key.Span.End, group.Key.Subject, group.Key.Model, Value(query.MeterSlug, group))),
        ];
    }

    private static decimal Value(string slug, IEnumerable<Usage> events) => slug switch
    {
        "sum" => events.Sum(item => item.Tokens),
        "count" => events.Count(),
        "uniquecount" => events.Select(item => item.User).Distinct().Count(),
        "max" => events.Max(item => item.Tokens),
        "min" => events.Min(item => item.Tokens),
        "average" => decimal.Round(events.Average(item => item.Tokens), 12, MidpointRounding.AwayFromZero),
        "latest" => events.OrderBy(item => item.Time).ThenBy(item => Ingest.Events.EventIdentity.Key("gateway", item.Id)).Last().Tokens,
        _ => throw new ArgumentOutOfRangeException(nameof(slug)),
    };

    private static (Instant Start, Instant End) WindowOf(UsageWindow window, DateTimeZone zone, Instant time)
    {
        var cover = new WindowGrid(window, zone).Cover(time, time + Duration.FromTicks(1), 1)!.Value;
        return (cover[0], cover[1]);
    }

    private static Instant Floor(Instant time) => Instant.FromUnixTimeSeconds(time.ToUnixTimeSeconds() / 3600 * 3600);

    private static string Slug(Aggregation aggregation) => aggregation.ToString().ToLowerInvariant();

    private static string Line(UsageRow row) => Line(row.Start, row.End, row.Subject, row.Dimensions.GetValueOrDefault("model"), row.Value);

    private static string Line(Instant start, Instant end, string? subject, string? model, decimal value) =>
        string.Create(CultureInfo.InvariantCulture, $"{start} {end} {subject} {model} {value:0.############}");

    private static string Describe(UsageQuery query) =>
        $"{query.MeterSlug} [{query.From}, {query.To}) {query.Window} {query.Zone} by {string.Join(",", query.GroupBy)} "
        + $"of {string.Join(",", query.Subjects)}";

    private sealed record Usage(string Id, Instant Time, string Subject, string? Model, string User, decimal Tokens)
    {
        public JsonObject ToJson() => EventPosting.Event(Id, InstantPattern.ExtendedIso.Format(Time), Data(), Subject);

        public JsonObject ToCorrection(string id, bool voids) => voids
            ? new JsonObject { ["source"] = "gateway", ["id"] = id, ["action"] = "void", ["reason"] = "drawn" }
            : new JsonObject
            {
                ["source"] = "gateway", ["id"] = id, ["action"] = "amend", ["reason"] = "drawn", ["data"] = Data(), ["subject"] = Subject,
                ["time"] = InstantPattern.ExtendedIso.Format(Time),
            };

        private JsonObject Data()
        {
            var data = new JsonObject { ["tokens"] = Tokens, ["user"] = User };
            if (Model is not null)
            {
                data["model"] = Model;
            }

            return data;
        }
    }
}
