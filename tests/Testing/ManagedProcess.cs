using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Metering.Testing;

/// <summary>
/// A real process of the product or of what stands beside it: started with a log file of its own, waited for, and ended
/// by its id, gently or with SIGKILL.
/// </summary>
public sealed class ManagedProcess : IAsyncDisposable
{
    private const int LinesShown = 20;
    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan PollDelay = TimeSpan.FromMilliseconds(50);

    private readonly Process process;
    private readonly StreamWriter log;

    private ManagedProcess(Process process, StreamWriter log, string name, string logPath)
    {
        this.process = process;
        this.log = log;
        Name = name;
        LogPath = logPath;
    }

    public string Name { get; }

    /// <summary>Standard output and error, appended over restarts.</summary>
    public string LogPath { get; }

    public int Id => process.Id;

    public bool HasExited => process.HasExited;

    /// <param name="logDirectory">The log is <c>NAME.log</c> in it.</param>
    public static ManagedProcess Start(
        string name, string fileName, IReadOnlyList<string> arguments, IReadOnlyDictionary<string, string> environment, string logDirectory)
    {
        var start = new ProcessStartInfo(fileName, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var (key, value) in environment)
        {
            start.Environment[key] = value;
        }

        var logPath = Path.Combine(logDirectory, name + ".log");
        var log = new StreamWriter(new FileStream(logPath, FileMode.Append, FileAccess.Write, FileShare.ReadWrite)) { AutoFlush = true };
        var process = new Process { StartInfo = start };
        process.OutputDataReceived += (_, line) => Write(log, line.Data);
        process.ErrorDataReceived += (_, line) => Write(log, line.Data);
        process.Start();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return new ManagedProcess(process, log, name, logPath);
    }

    /// <summary>Runs a command that ends by itself; its output when it succeeds.</summary>
    /// <exception cref="InvalidOperationException">It failed; the message holds what it said.</exception>
    public static async Task<string> RunAsync(
        string fileName, IReadOnlyList<string> arguments, IReadOnlyDictionary<string, string> environment, CancellationToken cancellationToken)
    {
        var start = new ProcessStartInfo(fileName, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var (key, value) in environment)
        {
            start.Environment[key] = value;
        }

        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync(cancellationToken);
        var output = await process.StandardOutput.ReadToEndAsync(cancellationToken);
        await process.WaitForExitAsync(cancellationToken);
        return process.ExitCode == 0
            ? output
            : throw new InvalidOperationException($"{fileName} {string.Join(' ', arguments)} ended with {process.ExitCode}: {await errors} {output}");
    }

    /// <summary>Returns when <paramref name="isReady"/> says so.</summary>
    /// <exception cref="InvalidOperationException">The process ended first, or did not become ready in time.</exception>
    public async Task WaitReadyAsync(Func<CancellationToken, Task<bool>> isReady, TimeSpan limit, CancellationToken cancellationToken)
    {
        var started = Stopwatch.GetTimestamp();
        while (!await isReady(cancellationToken))
        {
            if (process.HasExited || Stopwatch.GetElapsedTime(started) > limit)
            {
                var trouble = process.HasExited ? $"ended with {process.ExitCode}" : $"was not ready within {limit}";
                throw new InvalidOperationException($"{Name} {trouble}. The end of {LogPath}:\n{await TailAsync()}");
            }

            await Task.Delay(PollDelay, cancellationToken);
        }
    }

    /// <summary>SIGKILL: the process gets no chance to finish anything.</summary>
    public async Task KillAsync(CancellationToken cancellationToken)
    {
        process.Kill();
        await process.WaitForExitAsync(cancellationToken);
    }

    /// <summary>SIGSTOP: it does nothing, and its clocks go on.</summary>
    public void Pause() => _ = Signal(process.Id, PosixStop);

    /// <summary>SIGCONT; harmless when it was not paused.</summary>
    public void Resume() => _ = process.HasExited ? 0 : Signal(process.Id, PosixContinue);

    /// <summary>SIGTERM, and SIGKILL when that is not heard.</summary>
    public async Task StopAsync()
    {
        if (process.HasExited)
        {
            return;
        }

        using var limit = new CancellationTokenSource(StopLimit);
        _ = Signal(process.Id, PosixTerminate);
        try
        {
            await process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill();
            await process.WaitForExitAsync();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        process.Dispose();
        lock (log)
        {
            log.Dispose();
        }
    }

    private const int PosixTerminate = 15;
    private const int PosixContinue = 18;
    private const int PosixStop = 19;

    [DllImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static extern int Signal(int processId, int signal);

    /// <summary>All that the process has said so far, over restarts.</summary>
    public async Task<string> ReadLogAsync()
    {
        using var reader = new StreamReader(new FileStream(LogPath, FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
        return await reader.ReadToEndAsync();
    }

    private async Task<string> TailAsync() => string.Join('\n', (await ReadLogAsync()).Split('\n').TakeLast(LinesShown));

    /// <summary>A line may still arrive while the log is being closed; it is then nobody's.</summary>
    private static void Write(StreamWriter log, string? line)
    {
        lock (log)
        {
            if (line is not null && log.BaseStream is { CanWrite: true })
            {
                log.WriteLine(line);
            }
        }
    }
}
