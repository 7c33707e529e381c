namespace Metering.Testing;

/// <summary>The gateway configuration that users are given, filled in for a test.</summary>
public static class NginxSample
{
    private static readonly string Folder = Path.Combine(Repository.Root, "samples", "gateways", "nginx");

    /// <param name="run">Holds what nginx reads and writes.</param>
    /// <param name="sidecar">Host and port.</param>
    /// <param name="upstream">Host and port.</param>
    /// <returns>The arguments with which nginx runs there.</returns>
    public static string[] Render(string run, int port, string sidecar, string upstream)
    {
        Directory.CreateDirectory(run);
        File.Copy(Path.Combine(Folder, "metering.js"), Path.Combine(run, "metering.js"), overwrite: true);
        var configuration = Path.Combine(run, "nginx.conf");
        File.WriteAllText(configuration, File.ReadAllText(Path.Combine(Folder, "nginx.conf.template"))
            .Replace("@PORT@", $"{port}", StringComparison.Ordinal)
            .Replace("@SIDECAR@", sidecar, StringComparison.Ordinal)
            .Replace("@UPSTREAM@", upstream, StringComparison.Ordinal)
            .Replace("@RUN@", run, StringComparison.Ordinal));
        return ["-p", run, "-c", configuration];
    }
}
