using Metering.Testing;

namespace Metering.Scenarios.Faults;

/// <summary>A real nginx with the configuration that the samples hold, on ports of this test.</summary>
internal static class NginxGateway
{
    private static readonly string Templates = Path.Combine(Repository.Root, "samples", "gateways", "nginx");
    private static readonly Dictionary<string, string> NoExtraEnvironment = [];

    public static ManagedProcess Start(string directory, int gatewayPort, int sidecarPort, int upstreamPort, string logDirectory)
    {
        Directory.CreateDirectory(Path.Combine(directory, "log"));
        Directory.CreateDirectory(Path.Combine(directory, "tmp"));
        var values = new Dictionary<string, string>
        {
            ["METERING_DEMO_GATEWAY_PORT"] = $"{gatewayPort}",
            ["METERING_DEMO_SIDECAR_PORT"] = $"{sidecarPort}",
            ["METERING_DEMO_UPSTREAM_PORT"] = $"{upstreamPort}",
            ["METERING_DEMO_NGINX_DIR"] = directory,
            ["METERING_DEMO_NGINX_MODULES"] = ModuleDirectory(),
        };
        foreach (var file in Directory.EnumerateFiles(Templates))
        {
            var name = Path.GetFileName(file);
            var text = File.ReadAllText(file);
            if (name.EndsWith(".template", StringComparison.Ordinal))
            {
                name = name[..^".template".Length];
                text = values.Aggregate(text, (rendered, value) => rendered.Replace($"${{{value.Key}}}", value.Value, StringComparison.Ordinal));
            }

            File.WriteAllText(Path.Combine(directory, name), text);
        }

        return ManagedProcess.Start(
            "nginx", "nginx", ["-p", directory, "-c", Path.Combine(directory, "nginx.conf"), "-e", "stderr", "-g", "daemon off;"],
            NoExtraEnvironment, logDirectory);
    }

    private static string ModuleDirectory() =>
        new[] { "/usr/lib/nginx/modules", "/usr/lib64/nginx/modules" }
            .FirstOrDefault(directory => File.Exists(Path.Combine(directory, "ngx_http_js_module.so")))
        ?? throw new InvalidOperationException("nginx's JavaScript module was not found: run the tests with ./metering test, which installs it.");
}
