using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Metering.Ingest.Backfills;
using Metering.Ingest.Rollups;
using Metering.Ingest.Subjects;
using Metering.Ingest.Usage;
using Metering.Platform.Database;
using Metering.Testing;
using Microsoft.Extensions.DependencyInjection;
using NodaTime;
using Npgsql;
using Xunit;

namespace Metering.Ingest.Tests.Usage;

/// <summary>The same watermark answers the same whatever comes later, also from a copy of the database.</summary>
public sealed class DumpAndRestoreTests
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_watermark_answers_the_same_after_late_events_corrections_backfills_new_meters_and_a_restore()
    {
        await using var host = await TestHost.StartAsync();
        var usage = host.Services.GetRequiredService<UsageReader>();
        var told = new List<(UsageQuery Query, string Answer)>();
        async Task TellAsync() => told.AddRange(await AnswersAsync(usage, await usage.CurrentWatermarkAsync(Cancelled)));

        await host.MeterAsync("tokens");
        await host.MeterAsync("highest", "MAX");
        await host.PostEventsAsync(Enumerable.Range(0, 40).Select(number => Event($"e{number}", number, number % 20)));
        await TellAsync();
        await FoldAsync(host);
        await host.PostEventsAsync(Event("late", 1_000, 3));
        await TellAsync();
        await host.PostAsync("/api/v1/events/corrections", JsonNode.Parse(
            """
            [{"source":"gateway","id":"late","action":"void","reason":"r"},
             {"source":"gateway","id":"e5","action":"amend","time":"2026-01-13T05:00:00Z","subject":"other","reason":"r"}]
            """)!, 200);
        await TellAsync();
        var backfill = await CloseAsync(host, Event("b1", 7, 4), Event("b2", 8, 23));
        await TellAsync();
        await FoldAsync(host);
        await TellAsync();
        await host.PostAsync($"/api/v1/events/backfills/{backfill}/revert", new JsonObject(), 202);
        await SettleAsync(host);
        await TellAsync();
        await host.MeterAsync("requests", "COUNT", value: null);
        await FoldAsync(host);
        await host.PostEventsAsync(Event("b1", 70, 4));
        await FoldAsync(host);
        await TellAsync();

        Assert.True(told.Select(item => item.Answer).Distinct().Count() > 8, "The watermarks were too much alike; the test showed little.");
        await AgreeAsync(usage, told);
        await using var restored = await RestoredDatabase.OfAsync(host.ConnectionString, Cancelled);
        var owners = host.Services.GetRequiredService<ISubjectOwners>();
        var copy = new UsageReader(new MeteringDatabase(restored.DataSource), owners, host.Services.GetRequiredService<IClock>());
        await AgreeAsync(copy, told);
    }

    private static async Task<List<(UsageQuery Query, string Answer)>> AnswersAsync(UsageReader usage, Watermark watermark)
    {
        var answers = new List<(UsageQuery Query, string Answer)>();
        foreach (var slug in new[] { "tokens", "highest" })
        {
            UsageQuery[] queries =
            [
                new(slug, null, null) { AsRecordedBy = watermark },
                new(slug, null, null) { AsRecordedBy = watermark, Window = UsageWindow.Hour, GroupBy = [UsageReader.SubjectDimension] },
            ];
            foreach (var query in queries)
            {
                answers.Add((query, Text(await usage.ReadAsync(query, Cancelled))));
            }
        }

        return answers;
    }

    private static async Task AgreeAsync(UsageReader usage, List<(UsageQuery Query, string Answer)> told)
    {
        foreach (var (query, answer) in told)
        {
            Assert.Equal(answer, Text(await usage.ReadAsync(query, Cancelled)));
        }
    }

    private static string Text(ImmutableArray<UsageRow> rows) =>
        string.Join("\n", rows.Select(row => $"{row.Start} {row.End} {row.Subject} {row.Value}"));

    private static JsonObject Event(string id, int tokens, int hour) =>
        EventPosting.Event(id, $"2026-01-14T{hour:D2}:10:00Z", new JsonObject { ["tokens"] = tokens }, $"s{tokens % 3}");

    private static async Task FoldAsync(TestHost host)
    {
        await host.Services.GetRequiredService<RollupFolding>().FoldAsync(Cancelled);
        await host.Services.GetRequiredService<RestatingQueue>().DrainAsync(Cancelled);
    }

    private static async Task<string> CloseAsync(TestHost host, params JsonObject[] events)
    {
        var id = (string)(await host.PostAsync("/api/v1/events/backfills", new JsonObject { ["name"] = "b" }, 201))["id"]!;
        await host.PostAsync($"/api/v1/events/backfills/{id}/events", new JsonArray([.. events]), 204);
        await host.PostAsync($"/api/v1/events/backfills/{id}/close", new JsonObject(), 202);
        await SettleAsync(host);
        return id;
    }

    private static Task SettleAsync(TestHost host) => host.UntilAsync(async () =>
    {
        await host.Services.GetRequiredService<BackfillQueue>().DrainAsync(Cancelled);
        var backfills = (await host.GetAsync("/api/v1/events/backfills"))["items"]!.AsArray();
        return backfills.All(item => !((string)item!["status"]!).EndsWith("ing", StringComparison.Ordinal));
    });

    /// <summary>A database made of a dump of another, by PostgreSQL's own programs; dropped afterwards.</summary>
    private sealed class RestoredDatabase : IAsyncDisposable
    {
        private readonly TestDatabase database;

        private RestoredDatabase(TestDatabase database)
        {
            this.database = database;
            DataSource = NpgsqlDataSource.Create(database.ConnectionString);
        }

        public NpgsqlDataSource DataSource { get; }

        public static async Task<RestoredDatabase> OfAsync(string connectionString, CancellationToken cancellationToken)
        {
            var none = new Dictionary<string, string>();
            var script = Path.Combine(Repository.Root, "eng", "postgres.sh");
            var programs = (await ManagedProcess.RunAsync(script, ["programs"], none, cancellationToken)).Trim();
            var dump = Path.Combine(programs, "pg_dump");
            Assert.SkipUnless(File.Exists(dump), $"There is no pg_dump in {programs}; Debian's package postgresql brings it.");

            var database = await TestDatabase.CreateAsync();
            var file = Path.GetTempFileName();
            try
            {
                await ManagedProcess.RunAsync(dump, ["--no-owner", "--file", file], EnvironmentOf(connectionString), cancellationToken);
                string[] restore = ["--quiet", "--set", "ON_ERROR_STOP=1", "--output", "/dev/null", "--file", file];
                await ManagedProcess.RunAsync(Path.Combine(programs, "psql"), restore, EnvironmentOf(database.ConnectionString), cancellationToken);
            }
            finally
            {
                File.Delete(file);
            }

            return new RestoredDatabase(database);
        }

        public async ValueTask DisposeAsync()
        {
            await DataSource.DisposeAsync();
            await database.DisposeAsync();
        }

        private static Dictionary<string, string> EnvironmentOf(string connectionString)
        {
            var parts = new NpgsqlConnectionStringBuilder(connectionString);
            return new Dictionary<string, string>
            {
                ["PGHOST"] = parts.Host!, ["PGPORT"] = $"{parts.Port}", ["PGDATABASE"] = parts.Database!, ["PGUSER"] = parts.Username!,
                ["PGPASSWORD"] = parts.Password!,
            };
        }
    }
}
