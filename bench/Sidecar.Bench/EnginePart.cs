using System.Globalization;
using Metering.EnforcementSidecar;
using Metering.EnforcementSidecar.Access;
using Metering.EnforcementSidecar.Deciding;
using Metering.EnforcementSidecar.Time;
using Microsoft.Extensions.DependencyInjection;

namespace Metering.Sidecar.Bench;

/// <summary>The decision alone, without HTTP: key → customer → feature → rate → quota.</summary>
internal static class EnginePart
{
    private const int Decisions = 500_000;
    private const int Rounds = 7;

    public static async Task<string> RunAsync()
    {
        var folder = Directory.CreateTempSubdirectory("metering-sidecar-bench-").FullName;
        await using var host = await StubHost.StartAsync();
        await using var app = SidecarApplication.Create(
            SidecarOptions.FromEnvironment(name => name switch
            {
                "METERING_HOST_URL" => host.Url.ToString(),
                "METERING_SIDECAR_KEY" => StubHost.SidecarKey,
                "METERING_SIDECAR_DATA" => folder,
                "METERING_SIDECAR_PORT" => "0",
                _ => null,
            }),
            TimeProvider.System);
        await app.StartAsync();
        var access = app.Services.GetRequiredService<AccessState>();
        while (access.Current is null)
        {
            await Task.Delay(50);
        }

        var engine = app.Services.GetRequiredService<DecisionEngine>();
        var time = app.Services.GetRequiredService<ProductTime>();
        var keys = Enumerable.Range(0, Population.Active).Select(turn => Population.Key(Population.ActiveCustomer(turn))).ToArray();
        foreach (var key in keys)
        {
            engine.TryIdentify(key, Population.Feature, 1, default, time.Now, out _, out var identity, out var feature);
            await engine.DecideAsync(identity.Customer!, feature!, 1, CancellationToken.None);
        }

        var (nanoseconds, bytes) = (new List<double>(), 0.0);
        for (var round = -2; round < Rounds; round++)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            var started = Environment.CpuUsage.TotalTime;
            var undecided = Decide(engine, time, keys);
            var elapsed = Environment.CpuUsage.TotalTime - started;
            if (round >= 0)
            {
                nanoseconds.Add(elapsed.TotalNanoseconds / Decisions);
                bytes = (GC.GetAllocatedBytesForCurrentThread() - before) / (double)(Decisions - undecided);
            }
        }

        await app.StopAsync();
        Directory.Delete(folder, recursive: true);
        var median = Report.Median(nanoseconds);
        return string.Create(CultureInfo.InvariantCulture, $"""

            {Population.Customers:N0} customers, {Population.Active:N0} in turn, processor time of one thread; median of {Rounds} rounds of
            {Decisions:N0} decisions.

            | bar | asked | measured | |
            |---|---|--:|---|

            """)
            + Report.Bar("nanoseconds a decision", median, "< 1000", median < 1000)
            + Report.Bar("bytes allocated a decision", bytes, "0", bytes < 0.5);
    }

    /// <returns>How many only Host could decide.</returns>
    private static int Decide(DecisionEngine engine, ProductTime time, string[] keys)
    {
        var undecided = 0;
        for (var i = 0; i < Decisions; i++)
        {
            var now = time.Now;
            if (!engine.TryIdentify(keys[i % keys.Length], Population.Feature, 1, default, now, out _, out var identity, out var feature)
                || !engine.TryDecide(identity.Customer!, feature, 1, now, out _))
            {
                undecided++;
            }
        }

        return undecided;
    }
}
