using System.Globalization;
using System.Net;
using System.Text;
using Metering.Bench;
using Metering.Sidecar.Bench.Servers;

namespace Metering.Sidecar.Bench;

/// <summary>What nginx takes longer when it asks the sidecar before it forwards, at 1,000 requests a second.</summary>
internal static class GatewayPart
{
    private const int Rounds = 3;
    private const double AskedMicroseconds = 100;
    private static readonly TimeSpan Round = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(4);

    public static async Task<string> RunAsync()
    {
        var folder = Directory.CreateTempSubdirectory("metering-sidecar-bench-").FullName;
        await using var host = await StubHost.StartAsync();
        var (front, sidecar) = (LoopbackPort.Free(), LoopbackPort.Free());
        var data = Directory.CreateDirectory(Path.Combine(folder, "sidecar")).FullName;
        await using var sidecarServer = await SidecarUnderTest.StartAsync(host.Url, data, sidecar);
        await using var gateway = await Gateway.StartAsync(folder, front, sidecar, SidecarUnderTest.SocketIn(data));

        (string Name, string Path)[] ways =
        [
            ("nginx alone", Gateway.Plain),
            ("asking itself (return 204)", Gateway.AskingItself),
            ("asking the sidecar over TCP", Gateway.AskingOverTcp),
            ("asking the sidecar over a Unix socket", Gateway.AskingOverSocket),
        ];
        var loops = ways.Select(way => new PacedLoop(new IPEndPoint(IPAddress.Loopback, front), way.Path, HeadersOf)).ToArray();
        Array.ForEach(loops, loop => loop.Run(WarmUp));
        var latencies = ways.Select(_ => new List<double>()).ToArray();
        for (var round = 0; round < Rounds; round++)
        {
            for (var i = 0; i < ways.Length; i++)
            {
                latencies[i].AddRange(loops[i].Run(Round));
            }
        }

        Array.ForEach(loops, loop => loop.Dispose());
        Directory.Delete(folder, recursive: true);
        return Written(ways, latencies);
    }

    private static string Written((string Name, string Path)[] ways, List<double>[] latencies)
    {
        var text = new StringBuilder(string.Create(CultureInfo.InvariantCulture, $"""

            One worker of nginx before a service that answers 204; one connection, a request every millisecond, {Rounds} interleaved rounds of
            {Round.TotalSeconds} s. The check is that of part http, with a request id; + is what it adds to nginx alone. Microseconds.

            | nginx | p50 | p99 | p99.9 |
            |---|--:|--:|--:|

            """));
        Array.ForEach(latencies, list => list.Sort());
        double At(int way, double share) => latencies[way][(int)(latencies[way].Count * share)];
        for (var i = 0; i < ways.Length; i++)
        {
            text.Append(CultureInfo.InvariantCulture, $"| {ways[i].Name} ");
            foreach (var share in (ReadOnlySpan<double>)[0.5, 0.99, 0.999])
            {
                text.Append(CultureInfo.InvariantCulture, $"| {At(i, share):F0}{(i == 0 ? "" : $" ({At(i, share) - At(0, share):+0;-0})")} ");
            }

            text.Append("|\n");
        }

        text.Append("\n| bar | asked | measured | |\n|---|---|--:|---|\n");
        foreach (var way in (ReadOnlySpan<int>)[2, 3])
        {
            var added = At(way, 0.5) - At(0, 0.5);
            text.Append(Report.Bar($"µs added at p50, {ways[way].Name}", added, $"≤ {AskedMicroseconds}", added <= AskedMicroseconds));
        }

        return text.ToString();
    }

    private static string HeadersOf(int turn) => $"X-Api-Key: {Population.Key(Population.ActiveCustomer(turn))}\r\n";
}
