using System.Diagnostics;
using System.Text.Json.Nodes;
using NodaTime;

namespace Metering.Ingest.Bench.EndToEnd;

/// <summary>
/// While the load runs, posts one event after another for a subject of its own and asks the usage query for it until it is there: from the
/// answer to the post to the first answer that counts it.
/// </summary>
internal static class LagProbe
{
    /// <summary>Each question takes from the processors what recording needs; the lag is told to this.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Between = TimeSpan.FromMilliseconds(400);

    /// <returns>Milliseconds.</returns>
    public static async Task<List<double>> RunAsync(HostUnderTest host, CancellationToken stopping)
    {
        var lags = new List<double>();
        try
        {
            for (var number = 0; ; number++)
            {
                var subject = $"probe-{number}";
                var probe = new JsonObject
                {
                    ["specversion"] = "1.0", ["id"] = $"{host.Port}-{number}", ["source"] = "probe", ["type"] = "bench.probe", ["subject"] = subject,
                    ["time"] = $"{SystemClock.Instance.GetCurrentInstant()}",
                };
                await host.PostAsync("/api/v1/events", probe, stopping);
                var answered = Stopwatch.GetTimestamp();
                while (!await host.KnowsProbeAsync(subject, stopping))
                {
                    await Task.Delay(Pause, stopping);
                }

                lags.Add(Stopwatch.GetElapsedTime(answered).TotalMilliseconds);
                await Task.Delay(Between, stopping);
            }
        }
        catch (OperationCanceledException)
        {
            return lags;
        }
    }
}
