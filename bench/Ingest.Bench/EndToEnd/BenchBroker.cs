using System.Diagnostics;
using System.Runtime.CompilerServices;
using Metering.Bench;

namespace Metering.Ingest.Bench.EndToEnd;

/// <summary>A RabbitMQ node of its own, as <c>eng/rabbitmq.sh</c> makes it.</summary>
internal sealed class BenchBroker : IAsyncDisposable
{
    private readonly string folder;

    private BenchBroker(string folder) => this.folder = folder;

    public required string Url { get; init; }

    public required int ProcessId { get; init; }

    public static async Task<BenchBroker> StartAsync(CancellationToken cancellationToken)
    {
        var folder = Path.Combine(Path.GetTempPath(), $"metering-ingest-bench-broker-{Environment.ProcessId}");
        await ScriptAsync("start", folder, cancellationToken);
        return new BenchBroker(folder)
        {
            Url = await ScriptAsync("url", folder, cancellationToken),
            ProcessId = int.Parse(await ScriptAsync("pid", folder, cancellationToken)),
        };
    }

    public TimeSpan ProcessorTime() => ProcessTimes.OfFamily(ProcessId);

    public async ValueTask DisposeAsync() => await ScriptAsync("remove", folder, CancellationToken.None);

    private static async Task<string> ScriptAsync(string command, string folder, CancellationToken cancellationToken)
    {
        var script = Path.GetFullPath(Path.Combine(SourceFolder(), "..", "..", "..", "eng", "rabbitmq.sh"));
        using var process = Process.Start(new ProcessStartInfo(script, [command, folder]) { RedirectStandardOutput = true })!;
        var output = await process.StandardOutput.ReadToEndAsync(cancellationToken);
        await process.WaitForExitAsync(cancellationToken);
        return process.ExitCode == 0 ? output.Trim() : throw new InvalidOperationException($"eng/rabbitmq.sh {command} failed.");
    }

    private static string SourceFolder([CallerFilePath] string path = "") => Path.GetDirectoryName(path)!;
}
