using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Metering.Faults.Overshoot;

/// <summary>Stands between one sidecar and Host and passes bytes on, or does what a broken network does.</summary>
internal sealed class PartitionProxy : IAsyncDisposable
{
    private const int BufferBytes = 16 << 10;
    private static readonly LingerOption Abruptly = new(enable: true, seconds: 0);

    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly ConcurrentDictionary<Connection, bool> connections = new();
    private readonly CancellationTokenSource stopping = new();
    private readonly int serverPort;
    private readonly Task accepting;
    private TaskCompletionSource healed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile Partition partition;

    public PartitionProxy(int serverPort)
    {
        this.serverPort = serverPort;
        healed.SetResult();
        listener.Start();
        Port = ((IPEndPoint)listener.LocalEndpoint).Port;
        accepting = AcceptAsync();
    }

    public int Port { get; }

    public void Break(Partition how)
    {
        healed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        partition = how;
        if (how == Partition.Refused)
        {
            Drop(static _ => true);
        }
    }

    /// <summary>Connections of which bytes were lost can not go on; the others can.</summary>
    public void Heal()
    {
        partition = Partition.None;
        Drop(static connection => connection.HasLost);
        healed.TrySetResult();
    }

    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync();
        healed.TrySetResult();
        listener.Stop();
        await accepting;
        stopping.Dispose();
    }

    private void Drop(Func<Connection, bool> which)
    {
        foreach (var connection in connections.Keys.Where(which))
        {
            connection.Dispose();
        }
    }

    private async Task AcceptAsync()
    {
        var passing = new ConcurrentDictionary<Task, bool>();
        try
        {
            while (true)
            {
                var task = PassOnAsync(await listener.AcceptTcpClientAsync(stopping.Token));
                passing[task] = true;
                _ = task.ContinueWith(done => passing.TryRemove(done, out _), TaskScheduler.Default);
            }
        }
        catch (OperationCanceledException)
        {
            Drop(static _ => true);
            await Task.WhenAll(passing.Keys);
        }
    }

    private async Task PassOnAsync(TcpClient client)
    {
        using var connection = new Connection(client, new TcpClient());
        connections[connection] = true;
        try
        {
            if (partition == Partition.Refused)
            {
                return;
            }

            await connection.Server.ConnectAsync(IPAddress.Loopback, serverPort, stopping.Token);
            client.NoDelay = connection.Server.NoDelay = true;
            await Task.WhenAny(
                CopyAsync(client.GetStream(), connection.Server.GetStream(), connection, isAnswer: false),
                CopyAsync(connection.Server.GetStream(), client.GetStream(), connection, isAnswer: true));
        }
        catch (Exception exception) when (exception is SocketException or IOException or OperationCanceledException or ObjectDisposedException)
        {
            // Either side is gone; closing both tells the other.
        }
        finally
        {
            connections.TryRemove(connection, out _);
        }
    }

    private async Task CopyAsync(NetworkStream from, NetworkStream to, Connection connection, bool isAnswer)
    {
        var buffer = new byte[BufferBytes];
        while (await from.ReadAsync(buffer, stopping.Token) is > 0 and var read)
        {
            if (partition == Partition.Stalled)
            {
                await healed.Task.WaitAsync(stopping.Token);
            }

            if (isAnswer && partition == Partition.AnswersLost)
            {
                connection.HasLost = true;
                continue;
            }

            await to.WriteAsync(buffer.AsMemory(0, read), stopping.Token);
        }
    }

    private sealed class Connection(TcpClient client, TcpClient server) : IDisposable
    {
        public TcpClient Server => server;

        public volatile bool HasLost;

        public void Dispose()
        {
            Close(client);
            Close(server);
        }

        /// <summary>With a reset, so that nobody takes it for an orderly end.</summary>
        private static void Close(TcpClient end)
        {
            try
            {
                if (end.Client is { Connected: true } socket)
                {
                    socket.LingerState = Abruptly;
                }
            }
            catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
            {
                // It has just been closed by somebody else.
            }

            end.Dispose();
        }
    }
}
