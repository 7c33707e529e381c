using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Reflection;
using System.Text;
using Metering.Bench;
using Metering.Sidecar.Bench.Servers;

namespace Metering.Sidecar.Bench;

/// <summary>The whole check over HTTP, beside nginx, a bare Kestrel and the same front with its counters in Redis.</summary>
internal static class HttpPart
{
    private const int Rounds = 3;
    private static readonly TimeSpan Round = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(7);

    public static async Task<string> RunAsync()
    {
        var folder = Directory.CreateTempSubdirectory("metering-sidecar-bench-").FullName;
        await using var host = await StubHost.StartAsync();
        var (bare, handler, nginx, redisFront, redis, sidecar) = (
            LoopbackPort.Free(), LoopbackPort.Free(), LoopbackPort.Free(), LoopbackPort.Free(), LoopbackPort.Free(), LoopbackPort.Free());
        var data = Path.Combine(folder, "sidecar");
        Directory.CreateDirectory(data);
        var program = Assembly.GetExecutingAssembly().Location;
        await using var nginxServer = await Nginx.StartAsync(folder, nginx, Path.Combine(folder, "nginx.sock"));
        await using var bareServer = await ServerProcess.StartAsync(
            "dotnet",
            [program, "bare", $"{bare}", Path.Combine(folder, "bare.sock"), $"{handler}", Path.Combine(folder, "handler.sock")], [],
            () => ServerProcess.ListensAsync(handler));
        await using var redisServer = Redis.IsInstalled ? await Redis.StartAsync(folder, redis) : null;
        await using var redisFrontServer = redisServer is null
            ? null
            : await ServerProcess.StartAsync(
                "dotnet", [program, "redis", $"{redisFront}", $"{redis}"], [], () => ServerProcess.ListensAsync(redisFront));
        await using var sidecarServer = await SidecarUnderTest.StartAsync(host.Url, data, sidecar);

        var ways = new List<Way>
        {
            new("nginx, return 204", Tcp(nginx), "204", [nginxServer]),
            new("Kestrel, terminal middleware", Tcp(bare), "204", [bareServer]),
            new("the sidecar's check", Tcp(sidecar), "200", [sidecarServer]),
            new("nginx, Unix socket", Unix(folder, "nginx.sock"), "204", [nginxServer]),
            new("Kestrel, Unix socket", Unix(folder, "bare.sock"), "204", [bareServer]),
            new("the sidecar's check, Unix socket", new UnixDomainSocketEndPoint(SidecarUnderTest.SocketIn(data)), "200", [sidecarServer]),
            new("Kestrel's transport, bare handler", Tcp(handler), "204", [bareServer]),
            new("Kestrel's transport, bare handler, Unix socket", Unix(folder, "handler.sock"), "204", [bareServer]),
        };
        if (redisFrontServer is not null)
        {
            ways.Add(new Way("Kestrel and Redis EVALSHA", Tcp(redisFront), "200", [redisFrontServer, redisServer!]));
        }

        var text = Compare(ways);
        var megabytes = sidecarServer.Megabytes();
        text.Append(Report.Bar("resident MB with 100,000 customers, after all that", megabytes, "< 150", megabytes < 150));
        Directory.Delete(folder, recursive: true);
        return text.ToString();
    }

    private static StringBuilder Compare(List<Way> ways)
    {
        foreach (var way in ways)
        {
            Measure(way, 8, WarmUp);
        }

        var text = new StringBuilder(string.Create(CultureInfo.InvariantCulture, $"""

            {Population.Customers:N0} customers known, {Population.Active:N0} of them in turn; each check finds the key, a feature, a rate limit
            and a hard daily quota, and answers with RateLimit headers. One client thread, closed loop; medians of {Rounds} interleaved rounds
            of {Round.TotalSeconds} s.

            | server | connections | requests/s | of nginx | p50 / p99 µs | server µs a request |
            |---|--:|--:|--:|--:|--:|

            """));
        var rates = new Dictionary<(string Way, int Connections), Measured>();
        foreach (var connections in new[] { 8, 64 })
        {
            var rounds = ways.ToDictionary(way => way, _ => new List<Measured>());
            for (var round = 0; round < Rounds; round++)
            {
                ways.ForEach(way => rounds[way].Add(Measure(way, connections, Round)));
            }

            foreach (var way in ways)
            {
                var middle = rounds[way].OrderBy(one => one.PerSecond).ElementAt(Rounds / 2);
                rates[(way.Name, connections)] = middle;
                var nginxRate = rates[(way.Server is IPEndPoint ? ways[0].Name : ways[3].Name, connections)].PerSecond;
                text.Append(CultureInfo.InvariantCulture, $"| {way.Name} | {connections} | {middle.PerSecond:N0} ");
                text.Append(CultureInfo.InvariantCulture, $"| {middle.PerSecond / nginxRate:P0} ");
                text.Append(CultureInfo.InvariantCulture, $"| {middle.P50:F0} / {middle.P99:F0} | {middle.Processor:F1} |\n");
            }
        }

        text.Append("\n| bar | asked | measured | |\n|---|---|--:|---|\n");
        AppendBars(text, ways, rates);
        return text;
    }

    private static void AppendBars(StringBuilder text, List<Way> ways, Dictionary<(string Way, int Connections), Measured> rates)
    {
        Bar("of nginx over TCP, 8 connections", Ratio(2, 0, 8), 0.5);
        Bar("of nginx over TCP, 64 connections", Ratio(2, 0, 64), 0.5);
        Bar("of nginx over a Unix socket, 64 connections", Ratio(5, 3, 64), 0.7);
        Bar("of bare Kestrel, 8 connections", Ratio(2, 1, 8), 0.9);
        Bar("of bare Kestrel, 64 connections", Ratio(2, 1, 64), 0.9);
        Worth("bare handler over bare middleware, 8 connections", Ratio(6, 1, 8));
        Worth("bare handler over bare middleware, 64 connections", Ratio(6, 1, 64));
        Worth("bare handler over bare middleware, Unix socket, 64 connections", Ratio(7, 4, 64));
        if (ways.Count > 8)
        {
            Bar("of Kestrel and Redis, 8 connections", Ratio(2, 8, 8), 1.5);
            Bar("of Kestrel and Redis, 64 connections", Ratio(2, 8, 64), 1.5);
            var processor = rates[(ways[2].Name, 64)].Processor / rates[(ways[8].Name, 64)].Processor;
            text.Append(Report.Bar("of its processor time, 64 connections", processor, "≤ 0.6×", processor <= 0.6));
        }

        void Bar(string what, double ratio, double asked) =>
            text.Append(Report.Bar(what, ratio, string.Create(CultureInfo.InvariantCulture, $"≥ {asked}×"), ratio >= asked));

        // Of a check's own work such a handler saves nothing, so what it gains when it does nothing is the most that it could gain.
        void Worth(string what, double ratio) => text.Append(CultureInfo.InvariantCulture, $"| {what} | worth it > 1.333× | {ratio:F3} | told |\n");

        double Ratio(int way, int other, int connections) =>
            rates[(ways[way].Name, connections)].PerSecond / rates[(ways[other].Name, connections)].PerSecond;
    }

    private static Measured Measure(Way way, int connections, TimeSpan time)
    {
        Console.Error.WriteLine($"  {way.Name}, {connections} connections");
        var loop = new ClosedLoop(way.Server, connections, HeadersOf, Population.Active);
        var before = way.Processes.Sum(process => process.ProcessorSeconds());
        var result = loop.Run(time, way.Expected);
        var used = way.Processes.Sum(process => process.ProcessorSeconds()) - before;
        loop.Close();
        return new Measured(result.PerSecond, result.P50, result.P99, used * 1e6 / result.Requests);
    }

    private static string HeadersOf(int turn) =>
        $"X-Api-Key: {Population.Key(Population.ActiveCustomer(turn))}\r\nX-Meter-Feature: {Population.Feature}\r\n";

    private static IPEndPoint Tcp(int port) => new(IPAddress.Loopback, port);

    private static UnixDomainSocketEndPoint Unix(string folder, string name) => new(Path.Combine(folder, name));

    private sealed record Way(string Name, EndPoint Server, string Expected, ServerProcess[] Processes);

    private sealed record Measured(double PerSecond, double P50, double P99, double Processor);
}
