using System.Net;
using System.Net.Sockets;

namespace Metering.Faults.Driver;

/// <summary>
/// Stands between Host and PostgreSQL and passes everything on. On demand it breaks the connection at the worst moment: the server has
/// committed a batch of events, and the client does not get to hear of it.
/// </summary>
internal sealed class CommitCutter : IAsyncDisposable
{
    private const int BufferBytes = 64 << 10;

    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource stopping = new();
    private readonly int serverPort;
    private readonly Task accepting;
    private int armed;
    private int cuts;

    public CommitCutter(int serverPort)
    {
        this.serverPort = serverPort;
        listener.Start();
        Port = ((IPEndPoint)listener.LocalEndpoint).Port;
        accepting = AcceptAsync();
    }

    public int Port { get; }

    /// <summary>How many commits have been cut.</summary>
    public int Cuts => Volatile.Read(ref cuts);

    /// <summary>The next commit of a batch is cut.</summary>
    public void Arm() => Interlocked.Exchange(ref armed, 1);

    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync();
        listener.Stop();
        await accepting;
        stopping.Dispose();
    }

    private async Task AcceptAsync()
    {
        var connections = new List<Task>();
        try
        {
            while (true)
            {
                connections.Add(PassOnAsync(await listener.AcceptTcpClientAsync(stopping.Token)));
            }
        }
        catch (OperationCanceledException)
        {
            await Task.WhenAll(connections);
        }
    }

    private async Task PassOnAsync(TcpClient client)
    {
        using (client)
        using (var server = new TcpClient())
        {
            try
            {
                await server.ConnectAsync(IPAddress.Loopback, serverPort, stopping.Token);
                client.NoDelay = server.NoDelay = true;
                var connection = new Connection();
                await Task.WhenAny(
                    RequestsAsync(client.GetStream(), server.GetStream(), connection),
                    AnswersAsync(server.GetStream(), client.GetStream(), connection));
            }
            catch (Exception exception) when (exception is SocketException or IOException or OperationCanceledException)
            {
                // Either side is gone; closing both tells the other.
            }
        }
    }

    private async Task RequestsAsync(NetworkStream client, NetworkStream server, Connection connection)
    {
        var buffer = new byte[BufferBytes];
        while (await client.ReadAsync(buffer, stopping.Token) is > 0 and var read)
        {
            if (buffer.AsSpan(0, read).IndexOf("copy ingest.event"u8) >= 0)
            {
                connection.HoldsEvents = true;
            }

            await server.WriteAsync(buffer.AsMemory(0, read), stopping.Token);
        }
    }

    private async Task AnswersAsync(NetworkStream server, NetworkStream client, Connection connection)
    {
        var buffer = new byte[BufferBytes];
        while (await server.ReadAsync(buffer, stopping.Token) is > 0 and var read)
        {
            // CommandComplete: its type, its length and its tag.
            if (buffer.AsSpan(0, read).IndexOf("C\0\0\0\vCOMMIT\0"u8) >= 0 && connection.HoldsEvents)
            {
                connection.HoldsEvents = false;
                if (Interlocked.Exchange(ref armed, 0) == 1)
                {
                    Interlocked.Increment(ref cuts);
                    return;
                }
            }

            await client.WriteAsync(buffer.AsMemory(0, read), stopping.Token);
        }
    }

    private sealed class Connection
    {
        public volatile bool HoldsEvents;
    }
}
