using System.Diagnostics;
using System.Net.Sockets;
using Metering.Bench;

namespace Metering.Sidecar.Bench.Servers;

/// <summary>A server of the benchmark in a process of its own, ended by its id.</summary>
internal sealed class ServerProcess : IAsyncDisposable
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(30);
    private readonly Process process;

    private ServerProcess(Process process) => this.process = process;

    /// <summary>Ready when <paramref name="ready"/> says so.</summary>
    public static async Task<ServerProcess> StartAsync(
        string program, IEnumerable<string> arguments, Dictionary<string, string> environment, Func<Task<bool>> ready)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        var server = new ServerProcess(Process.Start(start)!);
        server.process.BeginOutputReadLine();
        server.process.BeginErrorReadLine();
        for (var started = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(started) < StartLimit && !server.process.HasExited;)
        {
            if (await ready())
            {
                return server;
            }

            await Task.Delay(5);
        }

        await server.DisposeAsync();
        throw new InvalidOperationException($"{program} {string.Join(' ', arguments)} did not become ready.");
    }

    /// <summary>Whether somebody listens on a port of this machine.</summary>
    public static async Task<bool> ListensAsync(int port)
    {
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        try
        {
            await socket.ConnectAsync("127.0.0.1", port);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    /// <summary>Seconds of the process and its children.</summary>
    public double ProcessorSeconds() => ProcessTimes.OfFamily(process.Id).TotalSeconds;

    /// <summary>Resident now, in MB.</summary>
    public double Megabytes()
    {
        var line = File.ReadLines($"/proc/{process.Id}/status").First(text => text.StartsWith("VmRSS:", StringComparison.Ordinal));
        return long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1]) / 1024.0;
    }

    public async ValueTask DisposeAsync()
    {
        if (!process.HasExited)
        {
            using var terminate = Process.Start("kill", ["-TERM", $"{process.Id}"]);
            await process.WaitForExitAsync();
        }

        process.Dispose();
    }
}
