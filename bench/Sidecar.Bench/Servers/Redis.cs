namespace Metering.Sidecar.Bench.Servers;

/// <summary>Redis in memory, on the loopback interface alone.</summary>
internal static class Redis
{
    public static bool IsInstalled =>
        Environment.GetEnvironmentVariable("PATH")!.Split(':').Any(folder => File.Exists(Path.Combine(folder, "redis-server")));

    public static Task<ServerProcess> StartAsync(string folder, int port) => ServerProcess.StartAsync(
        "redis-server", ["--port", $"{port}", "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", folder], [],
        () => ServerProcess.ListensAsync(port));
}
