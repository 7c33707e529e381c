using System.Globalization;
using System.Text;
using Metering.Bench;
using Npgsql;

namespace Metering.Ingest.Bench.EndToEnd;

/// <summary>One event per request, many requests at a time: shared batches and messages against one INSERT per request.</summary>
internal sealed class SinglePart : BenchPart
{
    private const int Connections = 256;
    private const int Rounds = 3;
    private const double RoundSeconds = 10;
    private const double WarmUpSeconds = 15;
    private const double AskedRatio = 10;

    public override string Name => "single";

    public override string Question => "how many requests with a single event are taken a second?";

    public override async Task<string> RunAsync(BenchServer server, CancellationToken cancellationToken)
    {
        await using var broker = await BenchBroker.StartAsync(cancellationToken);
        (string Way, Func<Task<LoadResult>> Measure)[] ways =
        [
            ("one INSERT per request, same Kestrel", () => InsertRoundAsync(server, "/events", cancellationToken)),
            ("Metering", () => HostRoundAsync(server, null, cancellationToken)),
            ("Metering with a broker", () => HostRoundAsync(server, broker.Url, cancellationToken)),
            ("the same Kestrel reads the event and keeps nothing", () => InsertRoundAsync(server, "/nothing", cancellationToken)),
        ];
        var results = ways.Select(_ => new List<LoadResult>()).ToArray();
        for (var round = 0; round < Rounds; round++)
        {
            for (var way = 0; way < ways.Length; way++)
            {
                results[way].Add(await ways[way].Measure());
            }
        }

        var medians = results.Select(rounds => rounds.OrderBy(round => round.Accepted / round.Seconds).ElementAt(Rounds / 2)).ToArray();
        var inserts = medians[0].Accepted / medians[0].Seconds;
        var text = new StringBuilder(string.Create(
            CultureInfo.InvariantCulture,
            $"\n{Connections} connections, each with one request at a time; {Rounds} interleaved rounds of {RoundSeconds} s after {WarmUpSeconds} s "
            + $"that are not counted, medians.\n\n"));
        text.Append("| way | requests/s | × | p50 / p99 ms |\n|---|--:|--:|--:|\n");
        for (var way = 0; way < ways.Length; way++)
        {
            var (rate, load) = (medians[way].Accepted / medians[way].Seconds, medians[way]);
            text.Append(CultureInfo.InvariantCulture, $"| {ways[way].Way} | {rate:N0} | {rate / inserts:F1} | {load.P50:F1} / {load.P99:F1} |\n");
        }

        text.Append("\n| bar | asked | measured | |\n|---|---|--:|---|\n");
        for (var way = 1; way < ways.Length - 1; way++)
        {
            var ratio = medians[way].Accepted / medians[way].Seconds / inserts;
            text.Append(Report.Bar($"{ways[way].Way} against one INSERT per request", ratio, $"≥ {AskedRatio:F0}×", ratio >= AskedRatio));
        }

        return text.ToString();
    }

    private static async Task<LoadResult> HostRoundAsync(BenchServer server, string? rabbitMq, CancellationToken cancellationToken)
    {
        var database = await server.CreateDatabaseAsync(cancellationToken);
        LoadResult load;
        await using (var host = await HostUnderTest.StartAsync(database, rabbitMq, cancellationToken))
        {
            load = await LoadAsync(host.Port, "/api/v1/events", host.GatewayKey, cancellationToken);
            await HostUnderTest.UntilCountedAsync(load.Before + load.Accepted, host.CountedAsync, cancellationToken);
        }

        await server.DropDatabaseAsync(database, cancellationToken);
        return load;
    }

    private static async Task<LoadResult> InsertRoundAsync(BenchServer server, string path, CancellationToken cancellationToken)
    {
        var database = await server.CreateEmptyDatabaseAsync(cancellationToken);
        var port = LoopbackPort.Free();
        string[] arguments = ["insert", $"{port}", database.ConnectionString];
        LoadResult load;
        var ready = new Uri($"http://127.0.0.1:{port}/ready");
        await using (await ChildProcess.StartAsync(ChildPrograms.Assembly, arguments, [], ready, cancellationToken))
        {
            load = await LoadAsync(port, path, "none", cancellationToken);
        }

        await server.DropDatabaseAsync(database, cancellationToken);
        return load;
    }

    private static async Task<LoadResult> LoadAsync(int port, string path, string key, CancellationToken cancellationToken)
    {
        var terms = new LoadTerms(port, path, key, RoundSeconds, Connections, 1, null);
        var warmUp = LoadResult.Parse(await RunAsync(terms with { Seconds = WarmUpSeconds }, cancellationToken));
        var measured = LoadResult.Parse(await RunAsync(terms, cancellationToken));
        return measured with { Before = warmUp.Accepted };
    }

    private static Task<string> RunAsync(LoadTerms terms, CancellationToken cancellationToken) =>
        ChildProcess.RunAsync(ChildPrograms.Assembly, terms.ToArguments(), cancellationToken);
}
