using System.Diagnostics;
using System.Globalization;
using System.Text;
using Metering.Bench;
using Npgsql;

namespace Metering.Ingest.Bench.EndToEnd;

/// <summary>
/// HTTP to queryable, with the broker: as fast as it goes against a pipeline of typed messages and staging, in turns; then for minutes at a
/// pace, with how long it takes until a query knows what was answered.
/// </summary>
internal sealed class EndToEndPart : BenchPart
{
    private const int EventsPerRequest = 500;
    private const int Connections = 8;
    private const double RoundSeconds = 15;

    /// <summary>Before each round, so that what is measured is compiled.</summary>
    private const double WarmUpSeconds = 20;
    private const double AskedPerSecond = 60_000;
    private const double PacePerSecond = 61_000;
    private const double AskedRatio = 4;
    private const double AskedLag = 2_000;
    private const double AskedMegabytes = 400;

    /// <summary>Against the yardstick; <c>METERING_BENCH_ROUNDS</c> makes them fewer, and 0 leaves them out.</summary>
    private static readonly int Rounds =
        int.Parse(Environment.GetEnvironmentVariable("METERING_BENCH_ROUNDS") ?? "3", CultureInfo.InvariantCulture);

    /// <summary>Of the run at a pace; <c>METERING_BENCH_SECONDS</c> makes it shorter.</summary>
    private static readonly double PacedSeconds =
        double.Parse(Environment.GetEnvironmentVariable("METERING_BENCH_SECONDS") ?? "180", CultureInfo.InvariantCulture);

    public override string Name => "endtoend";

    public override string Question => "how many events a second go from HTTP through the broker into usage?";

    public override async Task<string> RunAsync(BenchServer server, CancellationToken cancellationToken)
    {
        await using var broker = await BenchBroker.StartAsync(cancellationToken);
        var ours = new List<Measured>();
        var theirs = new List<Measured>();
        for (var round = 0; round < Rounds; round++)
        {
            ours.Add(await HostRoundAsync(server, broker, RoundSeconds, null, cancellationToken));
            theirs.Add(await TypedRoundAsync(server, broker, cancellationToken));
            Console.Error.WriteLine($"  round {round + 1}: {ours[^1].PerSecond:N0} against {theirs[^1].PerSecond:N0}");
        }

        var paced = await HostRoundAsync(server, broker, PacedSeconds, PacePerSecond, cancellationToken);
        return Write(ours, theirs, paced);
    }

    private static async Task<Measured> HostRoundAsync(
        BenchServer server, BenchBroker broker, double seconds, double? pace, CancellationToken cancellationToken)
    {
        var database = await server.CreateDatabaseAsync(cancellationToken);
        Measured measured;
        await using (var host = await HostUnderTest.StartAsync(database, broker.Url, cancellationToken))
        {
            var warmUp = new LoadTerms(host.Port, "/api/v1/events", host.GatewayKey, WarmUpSeconds, Connections, EventsPerRequest, null);
            var before = await WarmUpAsync(server, warmUp, host.CountedAsync, cancellationToken);
            using var probing = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            var probe = pace is null ? Task.FromResult(new List<double>()) : LagProbe.RunAsync(host, probing.Token);
            var terms = new LoadTerms(host.Port, "/api/v1/events", host.GatewayKey, seconds, Connections, EventsPerRequest, pace);
            measured = await MeasureAsync(server, broker, host.Process, terms, before, host.CountedAsync, cancellationToken);
            await probing.CancelAsync();
            measured = measured with { Lags = await probe, PeakMemory = host.Process.PeakMemory() };
        }

        await server.DropDatabaseAsync(database, cancellationToken);
        return measured;
    }

    private static async Task<Measured> TypedRoundAsync(BenchServer server, BenchBroker broker, CancellationToken cancellationToken)
    {
        var database = await server.CreateEmptyDatabaseAsync(cancellationToken);
        var port = LoopbackPort.Free();
        var url = new Uri($"http://127.0.0.1:{port}");
        string[] arguments = ["typed", $"{port}", database.ConnectionString, broker.Url];
        Measured measured;
        await using (var typed = await ChildProcess.StartAsync(ChildPrograms.Assembly, arguments, [], new Uri(url, "/ready"), cancellationToken))
        {
            using var client = new HttpClient { BaseAddress = url };
            async Task<long> CountedAsync(CancellationToken token) => long.Parse(await client.GetStringAsync("/count", token));
            var terms = new LoadTerms(port, "/events", "none", RoundSeconds, Connections, EventsPerRequest, null);
            var before = await WarmUpAsync(server, terms with { Seconds = WarmUpSeconds }, CountedAsync, cancellationToken);
            measured = await MeasureAsync(server, broker, typed, terms, before, CountedAsync, cancellationToken);
        }

        await server.DropDatabaseAsync(database, cancellationToken);
        return measured;
    }

    /// <returns>How many events are counted afterwards.</returns>
    private static async Task<long> WarmUpAsync(
        BenchServer server, LoadTerms terms, Func<CancellationToken, Task<long>> counted, CancellationToken cancellationToken)
    {
        var load = LoadResult.Parse(await ChildProcess.RunAsync(ChildPrograms.Assembly, terms.ToArguments(), cancellationToken));
        await HostUnderTest.UntilCountedAsync(load.Accepted, counted, cancellationToken);
        await server.CheckpointAsync(cancellationToken);
        return load.Accepted;
    }

    /// <summary>The rate is of what is counted, from the first request until everything that was accepted is.</summary>
    private static async Task<Measured> MeasureAsync(
        BenchServer server, BenchBroker broker, ChildProcess process, LoadTerms terms, long countedBefore,
        Func<CancellationToken, Task<long>> counted, CancellationToken cancellationToken)
    {
        Usage Used() => new(process.ProcessorTime(), broker.ProcessorTime(), server.ProcessorTime());
        var before = Used();
        var started = Stopwatch.GetTimestamp();
        var load = LoadResult.Parse(await ChildProcess.RunAsync(ChildPrograms.Assembly, terms.ToArguments(), cancellationToken));
        await HostUnderTest.UntilCountedAsync(countedBefore + load.Accepted, counted, cancellationToken);

        return new Measured(load, Stopwatch.GetElapsedTime(started).TotalSeconds, Used() - before, [], 0);
    }

    private static string Write(List<Measured> ours, List<Measured> theirs, Measured paced)
    {
        var text = new StringBuilder();
        text.AppendLine(CultureInfo.InvariantCulture, $"""

            Batches of {EventsPerRequest} over {Connections} connections; load generator, server, broker and PostgreSQL are processes of this machine.
            {Rounds} interleaved rounds of {RoundSeconds} s, medians, each after {WarmUpSeconds} s that are not counted; then {PacedSeconds} s at a
            pace of {PacePerSecond:N0} a second. Roll-ups are folded all the while. µs are processor time per event.

            | pipeline | events/s until counted | accepted p50 / p99 ms | server µs | broker µs | PostgreSQL µs | load µs | all µs |
            |---|--:|--:|--:|--:|--:|--:|--:|
            """);
        if (Rounds > 0)
        {
            Row(text, "Metering", Median(ours));
            Row(text, "typed messages, staging, ON CONFLICT, SQL roll-up", Median(theirs));
        }

        Row(text, $"Metering, paced, {PacedSeconds} s", paced);
        var (half, lag) = (paced.LagAt(0.5), paced.LagAt(0.99));
        text.AppendLine(CultureInfo.InvariantCulture, $"""

            From answer to queryable, paced: p50 {half:F0} ms, p99 {lag:F0} ms over {paced.Lags.Count} probes.
            {paced.Load.Refused} requests were asked to come again.

            | bar | asked | measured | |
            |---|---|--:|---|
            """);
        text.Append(Report.Bar("events/s sustained", paced.PerSecond, $"≥ {AskedPerSecond:N0}", paced.PerSecond >= AskedPerSecond));
        if (Rounds > 0)
        {
            var ratio = Median(ours).PerSecond / Median(theirs).PerSecond;
            text.Append(Report.Bar("against typed messages and staging", ratio, $"≥ {AskedRatio:F0}×", ratio >= AskedRatio));
        }

        text.Append(Report.Bar("p99 from answer to queryable, ms", lag, $"< {AskedLag:N0}", lag < AskedLag));
        var megabytes = paced.PeakMemory / 1048576.0;
        text.Append(Report.Bar("Host memory at its highest, MB", megabytes, $"< {AskedMegabytes:F0}", megabytes < AskedMegabytes));
        return text.ToString();
    }

    private static void Row(StringBuilder text, string name, Measured measured)
    {
        string PerEvent(double seconds) => string.Create(CultureInfo.InvariantCulture, $"{seconds * 1e6 / measured.Load.Accepted:F1}");
        var (used, load) = (measured.Used, measured.Load);
        var all = used.Server.TotalSeconds + used.Broker.TotalSeconds + used.Postgres.TotalSeconds + load.ProcessorSeconds;
        text.Append(CultureInfo.InvariantCulture, $"| {name} | {measured.PerSecond:N0} | {load.P50:F1} / {load.P99:F1} | ");
        text.Append($"{PerEvent(used.Server.TotalSeconds)} | {PerEvent(used.Broker.TotalSeconds)} | {PerEvent(used.Postgres.TotalSeconds)} | ");
        text.Append($"{PerEvent(load.ProcessorSeconds)} | {PerEvent(all)} |\n");
    }

    private static Measured Median(List<Measured> rounds) => rounds.OrderBy(round => round.PerSecond).ElementAt(rounds.Count / 2);

    private sealed record Measured(LoadResult Load, double SecondsUntilCounted, Usage Used, List<double> Lags, long PeakMemory)
    {
        public double PerSecond => Load.Accepted / SecondsUntilCounted;

        public double LagAt(double share) => Lags.Count == 0 ? double.NaN : Lags.Order().ElementAt((int)(share * (Lags.Count - 1)));
    }
}
