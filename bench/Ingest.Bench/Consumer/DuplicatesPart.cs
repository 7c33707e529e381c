using System.Globalization;
using System.Text;
using Metering.Ingest.Events;

namespace Metering.Ingest.Bench.Consumer;

/// <summary>What it costs that senders repeat themselves: a share of the events was sent a little earlier, some in a batch still underway.</summary>
internal sealed class DuplicatesPart : BenchPart
{
    private const int Rounds = 5;
    private const int Batches = 40;
    private const int BatchSize = 5_000;
    private const int WithinEvents = 100_000;
    private static readonly double[] Shares = [0, 0.007, 0.06];

    public override string Name => "duplicates";

    public override string Question => "events that were sent before";

    public override async Task<string> RunAsync(BenchServer server, CancellationToken cancellationToken)
    {
        var source = await server.CreateDatabaseAsync(cancellationToken);
        await Ours.AddMetersAsync(source, cancellationToken);
        var ours = new Ours();
        var generator = new EventGenerator(2, EventIds.Random);
        await ours.PrepareAsync(source, cancellationToken);
        await Load.RunAsync(server, source, ours, BatchesOf(generator, 6, 0), cancellationToken);
        var measured = Shares.ToDictionary(share => share, _ => new List<Measured>());
        for (var round = 0; round < Rounds; round++)
        {
            foreach (var share in Shares)
            {
                await ours.PrepareAsync(source, cancellationToken);
                await server.CheckpointAsync(cancellationToken);
                measured[share].Add(await Load.RunAsync(server, source, ours, BatchesOf(generator, Batches, share), cancellationToken));
                Console.Error.WriteLine($"  round {round + 1}: {share:P1}: {measured[share][^1]}");
            }
        }

        await source.DisposeAsync();
        return TableOf(measured.ToDictionary(share => share.Key, share => Measured.MedianOf(share.Value)));
    }

    private static UsageEvent[][] BatchesOf(EventGenerator generator, int batches, double share)
    {
        var events = generator.NextEvents(BatchSize).ToList();
        while (events.Count < batches * BatchSize)
        {
            events.AddRange(generator.NextEvents(BatchSize));
        }

        for (var i = 1; i < events.Count; i++)
        {
            if (generator.Random() % 1_000_000 < share * 1_000_000)
            {
                events[i] = events[i - 1 - (int)(generator.Random() % (ulong)Math.Min(i, WithinEvents))];
            }
        }

        return [.. events.Chunk(BatchSize)];
    }

    private static string TableOf(Dictionary<double, Measured> medians)
    {
        var table = new StringBuilder().Append(
            CultureInfo.InvariantCulture,
            $"{Batches} batches of {BatchSize:N0} events by 2 writers, random ids; a repeated event is one of the {WithinEvents:N0} before it; "
            + $"median of {Rounds} interleaved rounds.\n\n| share of duplicates | events/s offered | C# µs | PostgreSQL µs | of the rate without |\n")
            .Append("|---:|---:|---:|---:|---:|\n");
        foreach (var (share, median) in medians)
        {
            table.Append(
                CultureInfo.InvariantCulture,
                $"| {100 * share:F1} % | {median.Rate:N0} | {median.Client:F2} | {median.Postgres:F2} | {median.Rate / medians[0].Rate:F2} |\n");
        }

        var kept = medians[Shares[1]].Rate / medians[0].Rate;
        return table.Append("\n| bar | asked | measured | |\n|---|---:|---:|---|\n")
            .Append(Report.Bar("rate with 0.7 % duplicates of that without", kept, "≥ 0.75", kept >= 0.75)).ToString();
    }
}
