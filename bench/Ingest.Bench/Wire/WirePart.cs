using System.Globalization;
using System.Text;
using System.Text.Json;
using Metering.Ingest.Events;
using NodaTime;

namespace Metering.Ingest.Bench.Wire;

/// <summary>What one pass over a posted body costs, for the two things it is for, beside a pass that does nothing and one to typed objects.</summary>
internal sealed class WirePart : BenchPart
{
    private const int EventsPerBody = 500;
    private const int Bodies = 16;
    private const int Rounds = 15;
    private const int PassesPerRound = 8;
    private static readonly Instant Received = Instant.FromUtc(2026, 11, 1, 0, 0);

    public override string Name => "wire";

    public override string Question => "what does reading a posted event cost?";

    public override Task<string> RunAsync(BenchServer server, CancellationToken cancellationToken)
    {
        var generator = new EventGenerator(7, EventIds.TimeOrdered);
        var bodies = Enumerable.Range(0, Bodies).Select(_ => generator.NextBody(EventsPerBody)).ToArray();
        (string Way, Action<byte[]> Read)[] ways =
        [
            ("bare Utf8JsonReader, nothing looked at", Walk),
            ("check, as in front of the broker", body => CloudEventReader.Check(body, EventBatchForm.Array)),
            ("read with identity, as the consumer does", body => CloudEventReader.Read(body, EventBatchForm.Array, Received)),
            ("to typed objects by System.Text.Json", body => JsonSerializer.Deserialize<TypedEvent[]>(body, TypedEvent.Json)),
        ];
        var times = ways.Select(_ => new List<double>()).ToArray();
        var allocated = new double[ways.Length];
        for (var round = -2; round < Rounds; round++)
        {
            for (var way = 0; way < ways.Length; way++)
            {
                cancellationToken.ThrowIfCancellationRequested();
                var (nanoseconds, bytes) = Measure(ways[way].Read, bodies);
                if (round >= 0)
                {
                    times[way].Add(nanoseconds);
                    allocated[way] = bytes;
                }
            }
        }

        var text = new StringBuilder();
        text.AppendLine(CultureInfo.InvariantCulture, $"""

            Bodies of {EventsPerBody} events, {bodies.Average(body => body.Length) / EventsPerBody:F0} bytes each; processor time of one thread,
            median of {Rounds} interleaved rounds.

            | pass | ns per event | bytes allocated per event |
            |---|--:|--:|
            """);
        for (var way = 0; way < ways.Length; way++)
        {
            text.Append(CultureInfo.InvariantCulture, $"| {ways[way].Way} | {Median(times[way]):F0} | {allocated[way]:F0} |\n");
        }

        return Task.FromResult(text.ToString());
    }

    private static (double Nanoseconds, double Bytes) Measure(Action<byte[]> read, byte[][] bodies)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        var started = ProcessorTime();
        for (var pass = 0; pass < PassesPerRound; pass++)
        {
            foreach (var body in bodies)
            {
                read(body);
            }
        }

        var events = (double)PassesPerRound * bodies.Length * EventsPerBody;
        return ((ProcessorTime() - started).TotalNanoseconds / events, (GC.GetAllocatedBytesForCurrentThread() - before) / events);
    }

    /// <summary>Not the time of day: others may share the processors.</summary>
    private static TimeSpan ProcessorTime() => Environment.CpuUsage.TotalTime;

    private static void Walk(byte[] body)
    {
        var reader = new Utf8JsonReader(body);
        while (reader.Read())
        {
        }
    }

    private static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);
}
