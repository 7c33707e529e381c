using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Metering.Sidecar.Bench;

/// <summary>
/// One thread over some connections: sends a request on each, then reads the answer of each, and again. As light as a client can be, because it
/// shares the processors with what it measures; an answer is timed when its turn to be read comes.
/// </summary>
internal sealed class ClosedLoop
{
    private readonly Socket[] sockets;
    private readonly byte[][] requests;
    private readonly byte[] answer = new byte[4096];

    public ClosedLoop(EndPoint server, int connections, Func<int, string> headersOf, int different)
    {
        sockets = [.. Enumerable.Range(0, connections).Select(_ => Connect(server))];
        requests =
        [
            .. Enumerable.Range(0, different)
                .Select(turn => Encoding.ASCII.GetBytes($"GET /v1/check HTTP/1.1\r\nHost: sidecar\r\n{headersOf(turn)}\r\n")),
        ];
    }

    public LoopResult Run(TimeSpan time, string expected)
    {
        var latencies = new List<double>();
        var times = new long[sockets.Length];
        var turn = 0;
        var started = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(started) < time)
        {
            for (var i = 0; i < sockets.Length; i++)
            {
                times[i] = Stopwatch.GetTimestamp();
                sockets[i].Send(requests[turn++ % requests.Length]);
            }

            for (var i = 0; i < sockets.Length; i++)
            {
                ReadAnswer(sockets[i], expected);
                latencies.Add(Stopwatch.GetElapsedTime(times[i]).TotalMicroseconds);
            }
        }

        var seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        latencies.Sort();
        return new LoopResult(turn / seconds, latencies[latencies.Count / 2], latencies[(int)(latencies.Count * 0.99)], turn);
    }

    public void Close() => Array.ForEach(sockets, socket => socket.Dispose());

    private static Socket Connect(EndPoint server)
    {
        var isTcp = server is IPEndPoint;
        var socket = new Socket(server.AddressFamily, SocketType.Stream, isTcp ? ProtocolType.Tcp : ProtocolType.Unspecified);
        if (isTcp)
        {
            socket.NoDelay = true;
        }

        socket.Connect(server);
        return socket;
    }

    /// <summary>Answers here have no body.</summary>
    private void ReadAnswer(Socket socket, string expected)
    {
        var length = 0;
        do
        {
            var read = socket.Receive(answer.AsSpan(length));
            length += read > 0 ? read : throw new IOException("The server has closed the connection.");
        }
        while (!answer.AsSpan(0, length).EndsWith("\r\n\r\n"u8));
        var status = Encoding.ASCII.GetString(answer, 9, 3);
        if (status != expected)
        {
            throw new InvalidOperationException($"Expected {expected}: {Encoding.ASCII.GetString(answer, 0, length)}");
        }
    }
}

/// <param name="P50">Microseconds.</param>
internal sealed record LoopResult(double PerSecond, double P50, double P99, long Requests);
