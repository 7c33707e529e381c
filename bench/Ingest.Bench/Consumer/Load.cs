using System.Diagnostics;
using Metering.Ingest.Events;
using Npgsql;

namespace Metering.Ingest.Bench.Consumer;

/// <summary>Writes batches with as many writers as a way has, and tells what it took.</summary>
internal static class Load
{
    public static async Task<Measured> RunAsync(
        BenchServer server, NpgsqlDataSource source, RecordingWay way, IReadOnlyList<UsageEvent[]> batches, CancellationToken cancellationToken)
    {
        GC.Collect();
        var next = -1;
        var wal = await server.WalPositionAsync(cancellationToken);
        var (postgres, client, started) = (server.ProcessorTime(), Environment.CpuUsage.TotalTime, Stopwatch.GetTimestamp());
        await Task.WhenAll(Enumerable.Range(0, way.Writers).Select(_ => Task.Run(
            async () =>
            {
                for (var mine = Interlocked.Increment(ref next); mine < batches.Count; mine = Interlocked.Increment(ref next))
                {
                    await way.WriteAsync(source, batches[mine], cancellationToken);
                }
            },
            cancellationToken)));
        var elapsed = Stopwatch.GetElapsedTime(started);
        var events = batches.Sum(batch => batch.Length);
        return new Measured(
            events / elapsed.TotalSeconds,
            (Environment.CpuUsage.TotalTime - client).TotalMicroseconds / events,
            (server.ProcessorTime() - postgres).TotalMicroseconds / events,
            (double)(await server.WalPositionAsync(cancellationToken) - wal) / events);
    }
}

/// <param name="Rate">Events a second.</param>
/// <param name="Client">Microseconds of this process per event.</param>
/// <param name="Postgres">Microseconds of all of PostgreSQL's processes per event.</param>
/// <param name="Wal">Bytes of write-ahead log per event.</param>
internal sealed record Measured(double Rate, double Client, double Postgres, double Wal)
{
    /// <summary>Each figure's middle one of an odd number of rounds.</summary>
    public static Measured MedianOf(IReadOnlyCollection<Measured> rounds) => new(
        Middle(rounds.Select(round => round.Rate)), Middle(rounds.Select(round => round.Client)),
        Middle(rounds.Select(round => round.Postgres)), Middle(rounds.Select(round => round.Wal)));

    public double Processor => Client + Postgres;

    private static double Middle(IEnumerable<double> values) => values.Order().ToArray() is var sorted ? sorted[sorted.Length / 2] : 0;
}
