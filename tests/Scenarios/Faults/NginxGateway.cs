using Metering.Testing;

namespace Metering.Scenarios.Faults;

/// <summary>A real nginx with the configuration that the samples hold, on ports of this test.</summary>
internal static class NginxGateway
{
    private static readonly string Templates = Path.Combine(Repository.Root, "samples", "gateways", "nginx");
    private static readonly Dictionary<string, string> NoExtraEnvironment = [];

    public static ManagedProcess Start(string directory, int gatewayPort, int sidecarPort, int upstreamPort, string logDirectory)
    {
        Directory.CreateDirectory(directory);
        var values = new Dictionary<string, string>
        {
            ["@PORT@"] = $"{gatewayPort}",
            ["@SIDECAR@"] = $"127.0.0.1:{sidecarPort}",
            ["@UPSTREAM@"] = $"127.0.0.1:{upstreamPort}",
            ["@RUN@"] = directory,
        };
        foreach (var file in Directory.EnumerateFiles(Templates))
        {
            var name = Path.GetFileName(file);
            var text = File.ReadAllText(file);
            if (name.EndsWith(".template", StringComparison.Ordinal))
            {
                name = name[..^".template".Length];
                text = values.Aggregate(text, (rendered, value) => rendered.Replace(value.Key, value.Value, StringComparison.Ordinal));
            }

            File.WriteAllText(Path.Combine(directory, name), text);
        }

        return ManagedProcess.Start(
            "nginx", "nginx", ["-p", directory, "-c", Path.Combine(directory, "nginx.conf"), "-e", "stderr"], NoExtraEnvironment, logDirectory);
    }
}
