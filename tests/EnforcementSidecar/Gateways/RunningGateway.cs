using System.Globalization;
using System.Net.Http.Headers;
using System.Net.Sockets;
using Metering.Testing;
using Xunit;

namespace Metering.EnforcementSidecar.Tests.Gateways;

/// <summary>A real gateway with the configuration that users are given, on a free port of loopback; unprivileged where the test is not.</summary>
internal sealed class RunningGateway : IAsyncDisposable
{
    private const string Nobody = "65534";
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(20);

    private readonly ManagedProcess process;
    private readonly string directory;

    private RunningGateway(ManagedProcess process, string directory, int port)
    {
        this.process = process;
        this.directory = directory;
        Client = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}") };
    }

    public HttpClient Client { get; }

    public static async Task<RunningGateway> StartAsync(
        IGateway gateway, Uri sidecar, Uri service, bool failOpen, CancellationToken cancellationToken)
    {
        var directory = Directory.CreateTempSubdirectory($"metering-{gateway.Name}-").FullName;
        var port = FreePort.Take(1).Single();
        var site = new GatewaySite(directory, port, sidecar, service, failOpen);
        var command = gateway.Prepare(site);
        var environment = new Dictionary<string, string>
        {
            ["METERING_GATEWAY_PORT"] = port.ToString(CultureInfo.InvariantCulture),
            ["METERING_SIDECAR"] = sidecar.Authority,
            ["METERING_UPSTREAM"] = service.Authority,
            ["METERING_FAILURE"] = site.Failure,
        };
        foreach (var (name, value) in command.Environment)
        {
            environment[name] = value;
        }

        var (file, arguments) = (command.FileName, command.Arguments);
        if (Environment.IsPrivilegedProcess)
        {
            await ManagedProcess.RunAsync("chown", ["-R", $"{Nobody}:{Nobody}", directory], environment, cancellationToken);
            (file, arguments) = ("setpriv", ["--reuid=" + Nobody, "--regid=" + Nobody, "--clear-groups", file, .. arguments]);
        }

        var running = new RunningGateway(ManagedProcess.Start(gateway.Name, file, arguments, environment, directory), directory, port);
        try
        {
            await running.process.WaitReadyAsync(token => ListensAsync(port, token), StartLimit, cancellationToken);
            return running;
        }
        catch
        {
            await running.DisposeAsync();
            throw;
        }
    }

    /// <summary>Posts as an application does that also tries to choose for itself what it is asked for.</summary>
    public async Task<HttpResponseMessage> PostAsync(string? key, string path = "/v1/chat/completions?x=1")
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new StringContent("""{"prompt":"hello"}""") };
        request.Headers.Authorization = key is null ? null : new AuthenticationHeaderValue("Bearer", key);
        foreach (var (name, value) in Spoofed)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        return await Client.SendAsync(request, TestContext.Current.CancellationToken);
    }

    /// <summary>What a client may not say to the check, nor to the service in Metering's name.</summary>
    public static IReadOnlyList<(string Name, string Value)> Spoofed { get; } =
    [
        ("X-Meter-Customer", "somebody-else"), ("X-Meter-Units", "0"), ("X-Meter-Feature", "free-of-charge"),
        ("X-Meter-Request-Id", "always-the-same"), ("X-Meter-Reservation", "made-up"),
    ];

    /// <summary>What the gateway itself had to say.</summary>
    public Task<string> ReadLogAsync() => process.ReadLogAsync();

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await process.DisposeAsync();
        Directory.Delete(directory, recursive: true);
    }

    private static async Task<bool> ListensAsync(int port, CancellationToken cancellationToken)
    {
        using var socket = new TcpClient();
        try
        {
            await socket.ConnectAsync("127.0.0.1", port, cancellationToken);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
