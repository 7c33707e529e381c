using System.Text;
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

        var summary = await new EventImport(host.Client, mapping).RunAsync(Utf8(Csv), _ => { }, TestContext.Current.CancellationToken);

        Assert.Equal((4, 2, 1), (summary.Accepted, summary.Rejected, summary.NotCounted));
        Assert.Equal(["Line 5:", "Line 6:", "Line 7:"], summary.Problems.Select(problem => problem[..7]).Order());
        Assert.EndsWith(" 4", await host.QueryAsync("tokens"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_column_that_is_not_there_is_named()
    {
        using var nobody = new HttpClient();

        var exception = await Assert.ThrowsAsync<ImportException>(() =>
            new EventImport(nobody, Tokens).RunAsync(Utf8("TIMESTAMP,ContextTokens\n"), _ => { }, TestContext.Current.CancellationToken));

        Assert.Equal("The file has no column 'GeneratedTokens'; it has TIMESTAMP, ContextTokens.", exception.Message);
    }

    private static async Task<ImportSummary> ImportAsync(TestHost host, Stream file)
    {
        await using (file)
        {
            return await new EventImport(host.Client, Tokens).RunAsync(file, _ => { }, TestContext.Current.CancellationToken);
        }
    }

    private static MemoryStream Utf8(string text) => new(Encoding.UTF8.GetBytes(text));
}
