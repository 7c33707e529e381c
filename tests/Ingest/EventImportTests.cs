using System.Text;
using System.Text.Json.Nodes;
using Metering.Host.EventsImport;
using Metering.Testing;
using Xunit;

namespace Metering.Ingest.Tests;

public sealed class EventImportTests
{
    private static readonly ImportMapping Tokens = new(
        "llm", "acme", null, "TIMESTAMP",
        [KeyValuePair.Create("context", "ContextTokens"), KeyValuePair.Create("generated", "GeneratedTokens")], null, ImportMapping.DefaultSource);

    [Fact]
    public async Task A_real_trace_imported_twice_is_counted_once()
    {
        var trace = Repository.Shared is { } shared ? Path.Combine(shared, "reference", "traces", "azure-llm-inference-2023-conv.csv") : "";
        Assert.SkipUnless(File.Exists(trace), "The trace is not beside this checkout: ../shared/reference/traces/azure-llm-inference-2023-conv.csv");
        await using var host = await TestHost.StartAsync();
        await host.MeterAsync("context", eventType: "llm", value: "$.context");
        await host.MeterAsync("generated", eventType: "llm", value: "$.generated");
        await host.MeterAsync("requests", "COUNT", "llm", null);

        var first = await ImportAsync(host, File.OpenRead(trace));
        var second = await ImportAsync(host, File.OpenRead(trace));

        Assert.Equal((19_366, 0, 0), (first.Accepted, first.Duplicate, first.Rejected));
        Assert.Equal((0, 19_366, 0), (second.Accepted, second.Duplicate, second.Rejected));
        Assert.EndsWith(" 22361870", await host.QueryAsync("context"), StringComparison.Ordinal);
        Assert.EndsWith(" 4088665", await host.QueryAsync("generated"), StringComparison.Ordinal);
        Assert.EndsWith(" 19366", await host.QueryAsync("requests"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Rows_that_repeat_are_each_counted_and_rows_that_can_not_be_read_are_named()
    {
        await using var host = await TestHost.StartAsync();
        await host.MeterAsync("tokens", eventType: "llm", value: "$.n");
        const string Csv = """
            when,who,n
            2026-01-14 10:00:00,acme,1
            2026-01-14 10:00:00,acme,1
            2026-01-14T10:00:00.5+01:00,acme,"2"
            not a time,acme,4
            2026-01-14 10:00:00,,8
            2026-01-14 10:00:00,acme,many
            """;
        var mapping = new ImportMapping("llm", null, "who", "when", [KeyValuePair.Create("n", "n")], null, "s");

        var summary = await new EventImport(host.Client, mapping).RunAsync(
            Utf8(Csv), ImportFormat.Csv, Nothing, TestContext.Current.CancellationToken);

        Assert.Equal((4, 2, 1), (summary.Accepted, summary.Rejected, summary.NotCounted));
        Assert.Equal(["Line 5:", "Line 6:", "Line 7:"], summary.Problems.Select(problem => problem[..7]).Order());
        Assert.EndsWith(" 4", await host.QueryAsync("tokens"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Lines_of_json_become_events_by_their_members_and_paths()
    {
        await using var host = await TestHost.StartAsync();
        await host.MeterAsync("tokens", eventType: "llm", value: "$.n", dimensions: "model");
        const string Lines = """
            {"at":"2026-01-14T10:00:00Z","who":"acme","call":{"tokens":1,"model":"a"}}
            {"at":"2026-01-14T10:00:00Z","who":"acme","call":{"tokens":1,"model":"a"}}

            {"at":1768384800.5,"who":"acme","call":{"tokens":"2","model":"b"}}
            {"at":"1768384801","who":17,"call":{"tokens":4}}
            {"at":"noon","who":"acme"}
            {"who":"acme"}
            [1]
            {"at":"2026-01-14T10:00:00Z","who":"acme","who":"b"}
            {"at":"2026-01-14T10:00:00Z","call":{}}
            {"at":"2026-01-14T10:00:00Z","who":"acme"
            """;
        var mapping = new ImportMapping(
            "llm", null, "who", "at", [KeyValuePair.Create("n", "call.tokens"), KeyValuePair.Create("model", "call.model")], null, "s");

        var summary = await ImportAsync(host, Lines, mapping);
        var again = await ImportAsync(host, Lines, mapping);

        Assert.Equal((4, 6, 0), (summary.Accepted, summary.Rejected, summary.NotCounted));
        Assert.Equal(
            ["Line 6: what stands at at is not a time.", "Line 7: what stands at at is not a time.", "Line 8: the line is not a JSON object.",
             "Line 9: the line is not a JSON object.", "Line 11: the line is not a JSON object."],
            summary.Problems.Where(problem => !problem.StartsWith("Line 10", StringComparison.Ordinal)));
        var nobody = Assert.Single(summary.Problems, problem => problem.StartsWith("Line 10", StringComparison.Ordinal));
        Assert.StartsWith("Line 10: The attribute", nobody, StringComparison.Ordinal);
        Assert.Equal((0, 4), (again.Accepted, again.Duplicate));
        Assert.EndsWith(" 8", await host.QueryAsync("tokens"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Lines_that_are_events_already_are_sent_as_they_are()
    {
        await using var host = await TestHost.StartAsync();
        await host.MeterAsync("tokens");
        var lines = string.Join('\n', Enumerable.Range(0, 3).Select(i => EventPosting.Event(
            $"{i}", "2026-01-14T10:00:00Z", new System.Text.Json.Nodes.JsonObject { ["tokens"] = i }).ToJsonString()));

        var summary = await ImportAsync(host, lines + "\n{\"id\":\"x\"}", ImportMapping.OfEvents);

        Assert.Equal((3, 1), (summary.Accepted, summary.Rejected));
        Assert.EndsWith(" 3", await host.QueryAsync("tokens"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(ImportFormat.Csv)]
    [InlineData(ImportFormat.Ndjson)]
    public async Task An_import_goes_on_where_it_was_broken_off(ImportFormat format)
    {
        await using var host = await TestHost.StartAsync();
        await host.MeterAsync("rows", "COUNT", "llm", null);
        var rows = Enumerable.Range(0, 2_500).Select(i => format == ImportFormat.Csv
            ? $"2026-01-14 10:00:00,acme,{i % 3}" : $$"""{"when":"2026-01-14 10:00:00","who":"acme","n":{{i % 3}}}""");
        var file = string.Join('\n', format == ImportFormat.Csv ? rows.Prepend("when,who,n") : rows);
        var mapping = new ImportMapping("llm", null, "who", "when", [KeyValuePair.Create("n", "n")], null, "s");
        using var broken = new CancellationTokenSource();
        var safe = 0L;

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => new EventImport(host.Client, mapping).RunAsync(
            Utf8(file), format,
            (_, sent) =>
            {
                safe = sent;
                broken.Cancel();
            },
            broken.Token));
        var rest = await new EventImport(host.Client, mapping) { AlreadySent = safe }
            .RunAsync(Utf8(file), format, Nothing, TestContext.Current.CancellationToken);

        Assert.Equal((1_000, 1_500, 0), (safe, rest.Accepted, rest.Duplicate));
        Assert.EndsWith(" 2500", await host.QueryAsync("rows"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_column_that_is_not_there_is_named()
    {
        using var nobody = new HttpClient();

        var exception = await Assert.ThrowsAsync<ImportException>(() =>
            new EventImport(nobody, Tokens).RunAsync(
                Utf8("TIMESTAMP,ContextTokens\n"), ImportFormat.Csv, Nothing, TestContext.Current.CancellationToken));

        Assert.Equal("The file has no column 'GeneratedTokens'; it has TIMESTAMP, ContextTokens.", exception.Message);
    }

    [Fact]
    public async Task A_file_is_loaded_into_a_backfill_and_counts_when_that_is_closed()
    {
        await using var host = await TestHost.StartAsync();
        await host.MeterAsync("tokens", eventType: "llm", value: "$.n");
        var id = (string)(await host.PostAsync("/api/v1/events/backfills", new JsonObject { ["name"] = "file" }, 201))["id"]!;
        var mapping = new ImportMapping("llm", "acme", null, "when", [KeyValuePair.Create("n", "n")], null, "s");

        var summary = await new EventImport(host.Client, mapping, id).RunAsync(
            Utf8("when,n\n2026-01-14 10:00:00,1\n2026-01-14 10:00:00,2\n"), ImportFormat.Csv, Nothing, TestContext.Current.CancellationToken);
        var beforehand = await host.QueryAsync("tokens");
        await host.PostAsync($"/api/v1/events/backfills/{id}/close", new JsonObject(), 202);
        await host.UntilAsync(async () => (string)(await host.GetAsync($"/api/v1/events/backfills/{id}"))["status"]! == "closed");

        Assert.Equal((2, ""), (summary.Queued, beforehand));
        Assert.EndsWith(" 3", await host.QueryAsync("tokens"), StringComparison.Ordinal);
    }

    private static async Task<ImportSummary> ImportAsync(TestHost host, Stream file)
    {
        await using (file)
        {
            return await new EventImport(host.Client, Tokens).RunAsync(file, ImportFormat.Csv, Nothing, TestContext.Current.CancellationToken);
        }
    }

    private static Task<ImportSummary> ImportAsync(TestHost host, string lines, ImportMapping mapping) =>
        new EventImport(host.Client, mapping).RunAsync(Utf8(lines), ImportFormat.Ndjson, Nothing, TestContext.Current.CancellationToken);

    private static void Nothing(long position, long rows)
    {
    }

    private static MemoryStream Utf8(string text) => new(Encoding.UTF8.GetBytes(text));
}
