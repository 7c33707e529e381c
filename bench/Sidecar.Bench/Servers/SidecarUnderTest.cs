using System.Net.Sockets;
using Metering.EnforcementSidecar;

namespace Metering.Sidecar.Bench.Servers;

/// <summary>The sidecar as its operator runs it, on a port and a Unix socket.</summary>
internal static class SidecarUnderTest
{
    public static Task<ServerProcess> StartAsync(Uri host, string data, int port)
    {
        var environment = new Dictionary<string, string>
        {
            ["METERING_HOST_URL"] = host.ToString(),
            ["METERING_SIDECAR_KEY"] = StubHost.SidecarKey,
            ["METERING_SIDECAR_DATA"] = data,
            ["METERING_SIDECAR_PORT"] = $"{port}",
            ["METERING_SIDECAR_SOCKET"] = SocketIn(data),
        };
        return ServerProcess.StartAsync("dotnet", [typeof(SidecarOptions).Assembly.Location], environment, () => IsReadyAsync(port));
    }

    public static string SocketIn(string data) => Path.Combine(data, "check.sock");

    private static async Task<bool> IsReadyAsync(int port)
    {
        if (!await ServerProcess.ListensAsync(port))
        {
            return false;
        }

        using var client = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}") };
        try
        {
            return (await client.GetAsync("/health/ready")).IsSuccessStatusCode;
        }
        catch (Exception exception) when (exception is HttpRequestException or SocketException)
        {
            return false;
        }
    }
}
