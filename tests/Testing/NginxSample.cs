namespace Metering.Testing;

/// <summary>The gateway configuration that users are given, filled in for a test.</summary>
public static class NginxSample
{
    private static readonly string Folder = Path.Combine(Repository.Root, "samples", "gateways", "nginx");

    /// <param name="run">Holds what nginx reads and writes.</param>
    /// <param name="sidecar">Host and port.</param>
    /// <param name="upstream">Host and port.</param>
    /// <param name="template">Which of the samples, without its ending.</param>
    /// <param name="failOpen">Whether requests pass while no sidecar answers.</param>
    /// <returns>The arguments with which nginx runs there.</returns>
    public static string[] Render(string run, int port, string sidecar, string upstream, string template = "nginx", bool failOpen = false)
    {
        Directory.CreateDirectory(run);
        foreach (var script in Directory.GetFiles(Folder, "*.js"))
        {
            File.Copy(script, Path.Combine(run, Path.GetFileName(script)), overwrite: true);
        }

        var configuration = Path.Combine(run, template + ".conf");
        File.WriteAllText(configuration, File.ReadAllText(Path.Combine(Folder, template + ".conf.template"))
            .Replace("@FAILURE@", failOpen ? "open" : "closed", StringComparison.Ordinal)
            .Replace("@PORT@", $"{port}", StringComparison.Ordinal)
            .Replace("@SIDECAR@", sidecar, StringComparison.Ordinal)
            .Replace("@UPSTREAM@", upstream, StringComparison.Ordinal)
            .Replace("@RUN@", run, StringComparison.Ordinal));
        return ["-p", run, "-c", configuration];
    }
}
