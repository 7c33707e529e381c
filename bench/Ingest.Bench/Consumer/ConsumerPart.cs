using System.Globalization;
using System.Text;
using Metering.Ingest.Events;
using Metering.Ingest.Recording;

namespace Metering.Ingest.Bench.Consumer;

/// <summary>From decoded batch to durable, deduplicated and rolled up, against what a database can take at best and what is usually built.</summary>
internal sealed class ConsumerPart : BenchPart
{
    private const int Rounds = 5;

    /// <summary>Until what is measured has been compiled for good.</summary>
    private const int WarmUpRounds = 6;
    private const int Batches = 20;

    /// <summary>What the consumer makes of messages under load.</summary>
    private const int BatchSize = EventIntake.MaxBatchEvents;

    public override string Name => "consumer";

    public override string Question => "decoded batch to durable, deduplicated, rolled up";

    public override async Task<string> RunAsync(BenchServer server, CancellationToken cancellationToken)
    {
        var source = await server.CreateDatabaseAsync(cancellationToken);
        await Ours.AddMetersAsync(source, cancellationToken);
        var ours = new Ours();
        RecordingWay[] ways = [ours, new RawCopy("text"), new RawCopy("jsonb"), new StagingUpsert(), new SingleInserts()];
        var generator = new EventGenerator(1, EventIds.TimeOrdered);
        var measured = ways.ToDictionary(way => way.Name, _ => new List<Measured>());
        for (var round = -WarmUpRounds; round < Rounds; round++)
        {
            // Fresh events each round, the same for every way.
            var batches = Enumerable.Range(0, Batches).Select(_ => generator.NextEvents(BatchSize)).ToArray();
            foreach (var way in ways)
            {
                await way.PrepareAsync(source, cancellationToken);
                await server.CheckpointAsync(cancellationToken);
                var share = Math.Max(1, (int)(Batches * way.Share));
                var one = await Load.RunAsync(server, source, way, batches[..share], cancellationToken);
                Console.Error.WriteLine($"  round {round + 1}: {way.Name}: {one}");
                if (round >= 0)
                {
                    measured[way.Name].Add(one);
                }
            }
        }

        await source.DisposeAsync();
        return TableOf(ways, measured.ToDictionary(way => way.Key, way => Measured.MedianOf(way.Value)));
    }

    private static string TableOf(RecordingWay[] ways, Dictionary<string, Measured> medians)
    {
        var ours = medians[ways[0].Name];
        var table = new StringBuilder().Append(
            CultureInfo.InvariantCulture,
            $"{Batches} batches of {BatchSize:N0} events by 2 writers, {EventGenerator.DefaultSubjects:N0} subjects, UUIDv7 ids, two meters; "
            + $"median of {Rounds} interleaved rounds after {WarmUpRounds} that are not counted. The slow ways write fewer.\n\n");
        table.Append("| way | events/s | C# µs | PostgreSQL µs | WAL B/event | ours in rate | ours in CPU |\n|---|---:|---:|---:|---:|---:|---:|\n");
        foreach (var way in ways)
        {
            var median = medians[way.Name];
            table.Append(
                CultureInfo.InvariantCulture,
                $"| {way.Name} | {median.Rate:N0} | {median.Client:F2} | {median.Postgres:F2} | {median.Wal:F0} | "
                + $"{ours.Rate / median.Rate:F2}× | {median.Processor / ours.Processor:F2}× |\n");
        }

        table.Append("\n| bar (ratio of rates) | asked | measured | |\n|---|---:|---:|---|\n");
        Bar(table, "of raw COPY as text", ours.Rate / medians[ways[1].Name].Rate, 0.35);
        Bar(table, "of raw COPY as jsonb", ours.Rate / medians[ways[2].Name].Rate, 0.55);
        Bar(table, "of staging and SQL roll-up", ours.Rate / medians[ways[3].Name].Rate, 2.5);
        Bar(table, "of single inserts", ours.Rate / medians[ways[4].Name].Rate, 20);
        return table.Append(Report.Bar("WAL bytes per event", ours.Wal, "≤ 450", ours.Wal <= 450)).ToString();
    }

    private static void Bar(StringBuilder table, string what, double measured, double asked) =>
        table.Append(Report.Bar(what, measured, string.Create(CultureInfo.InvariantCulture, $"≥ {asked}×"), measured >= asked));
}
