using System.Diagnostics.Metrics;
using Metering.Ingest.Events;

namespace Metering.Ingest;

/// <summary>What the module counts about itself.</summary>
internal static class IngestMetrics
{
    public const string MeterName = "Metering.Ingest";

    private static readonly System.Diagnostics.Metrics.Meter Source = new(MeterName);
    private static readonly Counter<long> Events = Source.CreateCounter<long>("metering.ingest.events", "{event}", "Events recorded");
    private static readonly Counter<long> Duplicates = Source.CreateCounter<long>("metering.ingest.duplicates", "{event}", "Events known already");
    private static readonly Counter<long> Conflicts =
        Source.CreateCounter<long>("metering.ingest.conflicts", "{event}", "Events known with other content");
    private static readonly Counter<long> Rejected = Source.CreateCounter<long>("metering.ingest.rejected", "{event}", "Events kept as rejected");
    private static readonly Counter<long> Repeated =
        Source.CreateCounter<long>("metering.ingest.batch.repeated", "{batch}", "Batches done again because one of their events was known");
    private static readonly Histogram<double> BatchSeconds =
        Source.CreateHistogram<double>("metering.ingest.batch.duration", "s", "From the start of a batch to its commit");

    private static long sequenceMissing;

    static IngestMetrics() => Source.CreateObservableGauge(
        "metering.ingest.sequence.missing", () => SequenceMissing, "{event}", "Sequence numbers of gateways that never came");

    /// <summary>As of the last time that sources were added up.</summary>
    public static long SequenceMissing
    {
        get => Volatile.Read(ref sequenceMissing);
        set => Volatile.Write(ref sequenceMissing, value);
    }

    public static void Recorded(IReadOnlyList<EventResult> results, TimeSpan elapsed)
    {
        BatchSeconds.Record(elapsed.TotalSeconds);
        Events.Add(results.Count(result => result.Outcome == EventOutcome.Accepted));
        Duplicates.Add(results.Count(result => result.Outcome == EventOutcome.Duplicate));
        Conflicts.Add(results.Count(result => result.Outcome == EventOutcome.Conflict));
    }

    public static void RecordRepeated() => Repeated.Add(1);

    public static void RecordRejected(int events) => Rejected.Add(events);
}
