namespace Metering.Ingest.Bench.EndToEnd;

/// <summary>Processor time of each process over a measurement.</summary>
/// <param name="Server">The Host, or the yardstick in its place.</param>
internal readonly record struct Usage(TimeSpan Server, TimeSpan Broker, TimeSpan Postgres)
{
    public static Usage operator -(Usage after, Usage before) =>
        new(after.Server - before.Server, after.Broker - before.Broker, after.Postgres - before.Postgres);
}
