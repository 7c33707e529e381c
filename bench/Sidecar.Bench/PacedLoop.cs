using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Metering.Sidecar.Bench;

/// <summary>
/// One request a millisecond over one connection, whatever the answers take. What is late because an earlier answer was late counts from when
/// it was due, so that a pause is not mistaken for one slow request.
/// </summary>
internal sealed class PacedLoop(IPEndPoint server, string path, Func<int, string> headersOf) : IDisposable
{
    private static readonly long Every = Stopwatch.Frequency / 1_000;
    private readonly HttpConnection connection = new(server);
    private int turn;

    /// <returns>Microseconds, in no order.</returns>
    public List<double> Run(TimeSpan time)
    {
        var latencies = new List<double>();
        var due = Stopwatch.GetTimestamp();
        var end = due + (long)(time.TotalSeconds * Stopwatch.Frequency);
        while (due < end)
        {
            var request = Encoding.ASCII.GetBytes($"GET {path} HTTP/1.1\r\nHost: gateway\r\n{headersOf(turn++)}\r\n");
            var started = due;
            if (Stopwatch.GetTimestamp() <= due)
            {
                // How long this thread oversleeps is not the servers' doing.
                connection.WaitUntil(due);
                started = Stopwatch.GetTimestamp();
            }

            connection.Send(request);
            connection.Receive("204");
            latencies.Add(Stopwatch.GetElapsedTime(started).TotalMicroseconds);
            due += Every;
        }

        return latencies;
    }

    public void Dispose() => connection.Dispose();
}
