using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Metering.Sidecar.Bench;

/// <summary>A connection over which answers without a body come, as light as a client can be.</summary>
internal sealed class HttpConnection : IDisposable
{
    private const int StatusAt = 9;
    private readonly Socket socket;
    private readonly byte[] answer = new byte[4096];

    public HttpConnection(EndPoint server)
    {
        var isTcp = server is IPEndPoint;
        socket = new Socket(server.AddressFamily, SocketType.Stream, isTcp ? ProtocolType.Tcp : ProtocolType.Unspecified);
        if (isTcp)
        {
            socket.NoDelay = true;
        }

        socket.Connect(server);
    }

    public void Send(byte[] request) => socket.Send(request);

    public void Receive(string expected)
    {
        var length = 0;
        do
        {
            var read = socket.Receive(answer.AsSpan(length));
            length += read > 0 ? read : throw new IOException("The server has closed the connection.");
        }
        while (!answer.AsSpan(0, length).EndsWith("\r\n\r\n"u8));
        if (!Ascii.Equals(answer.AsSpan(StatusAt, expected.Length), expected))
        {
            throw new InvalidOperationException($"Expected {expected}: {Encoding.ASCII.GetString(answer, 0, length)}");
        }
    }

    /// <summary>Waits on the socket, which wakes more exactly than a thread does.</summary>
    /// <param name="timestamp">As a stopwatch counts.</param>
    public void WaitUntil(long timestamp)
    {
        while (timestamp - Stopwatch.GetTimestamp() is > 0 and var left)
        {
            if (socket.Poll(TimeSpan.FromSeconds((double)left / Stopwatch.Frequency), SelectMode.SelectRead))
            {
                throw new IOException("The server has said something unasked, or has closed the connection.");
            }
        }
    }

    public void Dispose() => socket.Dispose();
}
