using System.Net.Sockets;
using Metering.EnforcementSidecar.Tests.Support;
using Xunit;

namespace Metering.EnforcementSidecar.Tests;

/// <summary>The Unix socket that a sidecar listens on besides its port.</summary>
public sealed class SocketTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_second_sidecar_on_the_same_data_does_not_take_the_socket_of_the_first()
    {
        await using var host = await FakeHost.StartAsync();
        var options = Options(host, Directory.CreateTempSubdirectory("metering-sidecar-").FullName);
        var first = SidecarApplication.Create(options, TimeProvider.System);
        await first.StartAsync(Token);

        Assert.ThrowsAny<Exception>(() => SidecarApplication.Create(options, TimeProvider.System));

        Assert.Equal("HTTP/1.1 200 OK", await AskAsync(options.SocketPath!));
        await first.StopAsync(Token);
        await first.DisposeAsync();
    }

    [Fact]
    public async Task What_a_killed_sidecar_has_left_of_its_socket_is_not_in_the_way()
    {
        await using var host = await FakeHost.StartAsync();
        var options = Options(host, Directory.CreateTempSubdirectory("metering-sidecar-").FullName);

        // Bound, and nobody listens: as a process that was killed leaves it.
        using var left = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        left.Bind(new UnixDomainSocketEndPoint(options.SocketPath!));
        Assert.True(File.Exists(options.SocketPath));

        await using var sidecar = SidecarApplication.Create(options, TimeProvider.System);
        await sidecar.StartAsync(Token);

        Assert.Equal("HTTP/1.1 200 OK", await AskAsync(options.SocketPath!));
        await sidecar.StopAsync(Token);
    }

    [Fact]
    public void A_file_that_is_no_socket_is_left_alone()
    {
        var file = Path.Combine(Directory.CreateTempSubdirectory("metering-sidecar-").FullName, "notes");
        File.WriteAllText(file, "not a socket");
        var environment = new Dictionary<string, string> { ["METERING_SIDECAR_KEY"] = "k", ["METERING_SIDECAR_SOCKET"] = file };

        var refused = Assert.Throws<InvalidOptionException>(() => SidecarOptions.FromEnvironment(environment.GetValueOrDefault));

        Assert.StartsWith("METERING_SIDECAR_SOCKET names a file that is no socket", refused.Message, StringComparison.Ordinal);
        Assert.Equal("not a socket", File.ReadAllText(file));
    }

    private static SidecarOptions Options(FakeHost host, string directory) =>
        new(host.Url, FakeHost.SidecarKey, Path.Combine(directory, "data"), "127.0.0.1", 0) { SocketPath = Path.Combine(directory, "check.sock") };

    private static async Task<string> AskAsync(string path)
    {
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), Token);
        await using var stream = new NetworkStream(socket);
        await stream.WriteAsync("GET /health/live HTTP/1.1\r\nHost: sidecar\r\nConnection: close\r\n\r\n"u8.ToArray(), Token);
        using var reader = new StreamReader(stream);
        return await reader.ReadLineAsync(Token) ?? "";
    }
}
