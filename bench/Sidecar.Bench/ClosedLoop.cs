using System.Diagnostics;
using System.Net;
using System.Text;

namespace Metering.Sidecar.Bench;

/// <summary>
/// One thread over some connections: sends a request on each, then reads the answer of each, and again. As light as a client can be, because it
/// shares the processors with what it measures; an answer is timed when its turn to be read comes.
/// </summary>
internal sealed class ClosedLoop
{
    private readonly HttpConnection[] connections;
    private readonly byte[][] requests;

    public ClosedLoop(EndPoint server, int connections, Func<int, string> headersOf, int different)
    {
        this.connections = [.. Enumerable.Range(0, connections).Select(_ => new HttpConnection(server))];
        requests =
        [
            .. Enumerable.Range(0, different)
                .Select(turn => Encoding.ASCII.GetBytes($"GET /v1/check HTTP/1.1\r\nHost: sidecar\r\n{headersOf(turn)}\r\n")),
        ];
    }

    public LoopResult Run(TimeSpan time, string expected)
    {
        var latencies = new List<double>();
        var times = new long[connections.Length];
        var turn = 0;
        var started = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(started) < time)
        {
            for (var i = 0; i < connections.Length; i++)
            {
                times[i] = Stopwatch.GetTimestamp();
                connections[i].Send(requests[turn++ % requests.Length]);
            }

            for (var i = 0; i < connections.Length; i++)
            {
                connections[i].Receive(expected);
                latencies.Add(Stopwatch.GetElapsedTime(times[i]).TotalMicroseconds);
            }
        }

        var seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        latencies.Sort();
        return new LoopResult(turn / seconds, latencies[latencies.Count / 2], latencies[(int)(latencies.Count * 0.99)], turn);
    }

    public void Close() => Array.ForEach(connections, connection => connection.Dispose());
}

/// <param name="P50">Microseconds.</param>
internal sealed record LoopResult(double PerSecond, double P50, double P99, long Requests);
