using System.Diagnostics;
using Metering.Bench;
using Metering.Sidecar.Bench.Servers;

namespace Metering.Sidecar.Bench;

/// <summary>From the start of the process to ready, with all customers from the copy on disk while Host is away.</summary>
internal static class StartPart
{
    private const int Rounds = 5;
    private const double AskedSeconds = 1.5;

    public static async Task<string> RunAsync()
    {
        var data = Directory.CreateTempSubdirectory("metering-sidecar-bench-").FullName;
        var host = await StubHost.StartAsync();
        await (await SidecarUnderTest.StartAsync(host.Url, data, LoopbackPort.Free())).DisposeAsync();
        var gone = host.Url;
        await host.DisposeAsync();

        var seconds = new List<double>();
        var megabytes = 0.0;
        for (var round = 0; round < Rounds; round++)
        {
            var started = Stopwatch.GetTimestamp();
            await using var sidecar = await SidecarUnderTest.StartAsync(gone, data, LoopbackPort.Free());
            seconds.Add(Stopwatch.GetElapsedTime(started).TotalSeconds);
            megabytes = Math.Max(megabytes, sidecar.Megabytes());
        }

        Directory.Delete(data, recursive: true);
        var median = Report.Median(seconds);
        return $"\nMedian of {Rounds} starts.\n\n| bar | asked | measured | |\n|---|---|--:|---|\n"
            + Report.Bar("seconds from start to ready, 100,000 customers from disk", median, $"< {AskedSeconds}", median < AskedSeconds)
            + Report.Bar("resident MB then", megabytes, "< 150", megabytes < 150);
    }
}
