using System.Diagnostics;
using Metering.Bench;

namespace Metering.Ingest.Bench.EndToEnd;

/// <summary>A program of the benchmark in a process of its own, so that its processor time and memory are its own.</summary>
internal sealed class ChildProcess : IAsyncDisposable
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(30);

    private readonly Process process;

    private ChildProcess(Process process) => this.process = process;

    public int Id => process.Id;

    /// <summary>A server: ready when <paramref name="ready"/> answers.</summary>
    public static async Task<ChildProcess> StartAsync(
        string assembly, string[] arguments, Dictionary<string, string> environment, Uri ready, CancellationToken cancellationToken)
    {
        var child = new ChildProcess(Start(assembly, arguments, environment));
        child.process.OutputDataReceived += (_, _) => { };
        child.process.BeginOutputReadLine();
        using var probe = new HttpClient { Timeout = TimeSpan.FromSeconds(5) };
        for (var started = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(started) < StartLimit;)
        {
            try
            {
                using var answer = await probe.GetAsync(ready, cancellationToken);
                if (answer.IsSuccessStatusCode)
                {
                    return child;
                }
            }
            catch (HttpRequestException)
            {
                // Not listening yet.
            }

            await Task.Delay(100, cancellationToken);
        }

        await child.DisposeAsync();
        throw new InvalidOperationException($"{assembly} {string.Join(' ', arguments)} did not become ready.");
    }

    /// <summary>A program that ends by itself.</summary>
    /// <returns>The last line of its output.</returns>
    public static async Task<string> RunAsync(string assembly, string[] arguments, CancellationToken cancellationToken)
    {
        using var process = Start(assembly, arguments, []);
        await using var stopping = cancellationToken.Register(process.Kill);
        var output = await process.StandardOutput.ReadToEndAsync(cancellationToken);
        await process.WaitForExitAsync(cancellationToken);
        return process.ExitCode == 0
            ? output.Trim().Split('\n')[^1]
            : throw new InvalidOperationException($"{assembly} {arguments[0]} ended with {process.ExitCode}: {output}");
    }

    public TimeSpan ProcessorTime() => ProcessTimes.OfFamily(process.Id);

    /// <summary>The most memory it ever held, in bytes.</summary>
    public long PeakMemory()
    {
        var line = File.ReadLines($"/proc/{process.Id}/status").First(text => text.StartsWith("VmHWM:", StringComparison.Ordinal));
        return long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1]) * 1024;
    }

    public async ValueTask DisposeAsync()
    {
        if (!process.HasExited)
        {
            using (var terminate = Process.Start("kill", ["-TERM", $"{process.Id}"]))
            {
                await terminate.WaitForExitAsync();
            }

            using var limit = new CancellationTokenSource(StopLimit);
            try
            {
                await process.WaitForExitAsync(limit.Token);
            }
            catch (OperationCanceledException)
            {
                process.Kill();
            }
        }

        process.Dispose();
    }

    private static Process Start(string assembly, string[] arguments, Dictionary<string, string> environment)
    {
        var path = Path.Combine(AppContext.BaseDirectory, assembly);
        var start = new ProcessStartInfo("dotnet", [path, .. arguments]) { RedirectStandardOutput = true };
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        return Process.Start(start)!;
    }
}
