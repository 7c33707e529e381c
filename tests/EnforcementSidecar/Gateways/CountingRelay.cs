using System.Net;
using System.Net.Sockets;

namespace Metering.EnforcementSidecar.Tests.Gateways;

/// <summary>Passes connections on to a server and counts them; to nobody, it takes them and stays silent, as a process that hangs.</summary>
internal sealed class CountingRelay : IAsyncDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource stopping = new();
    private readonly Uri? server;
    private readonly Task accepting;
    private int connections;

    /// <param name="server">Null stays silent.</param>
    public CountingRelay(Uri? server)
    {
        this.server = server;
        listener.Start();
        accepting = AcceptAsync();
    }

    public Uri Url => new($"http://{listener.LocalEndpoint}");

    public int Connections => Volatile.Read(ref connections);

    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync();
        listener.Stop();
        await accepting;
        stopping.Dispose();
    }

    private async Task AcceptAsync()
    {
        var open = new List<Task>();
        try
        {
            while (true)
            {
                var client = await listener.AcceptTcpClientAsync(stopping.Token);
                Interlocked.Increment(ref connections);
                open.Add(ServeAsync(client));
            }
        }
        catch (OperationCanceledException)
        {
            await Task.WhenAll(open);
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using var near = client;
        using var far = new TcpClient();
        try
        {
            if (server is null)
            {
                await Task.Delay(Timeout.Infinite, stopping.Token);
                return;
            }

            await far.ConnectAsync(server.Host, server.Port, stopping.Token);
            await Task.WhenAny(
                near.GetStream().CopyToAsync(far.GetStream(), stopping.Token), far.GetStream().CopyToAsync(near.GetStream(), stopping.Token));
        }
        catch (Exception exception) when (exception is OperationCanceledException or IOException or SocketException)
        {
            // One of the two is gone, or the test is over.
        }
    }
}
