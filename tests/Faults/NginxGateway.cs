using Metering.Testing;

namespace Metering.Faults;

/// <summary>A real nginx with the configuration that the samples hold, on ports of this test.</summary>
internal static class NginxGateway
{
    private static readonly Dictionary<string, string> NoExtraEnvironment = [];

    public static ManagedProcess Start(string directory, int gatewayPort, int sidecarPort, int upstreamPort, string logDirectory)
    {
        var arguments = NginxSample.Render(directory, gatewayPort, $"127.0.0.1:{sidecarPort}", $"127.0.0.1:{upstreamPort}");
        return ManagedProcess.Start("nginx", "nginx", [.. arguments, "-e", "stderr"], NoExtraEnvironment, logDirectory);
    }
}
