namespace Metering.Ingest.Bench;

/// <summary>One question with its measurements. Parts are independent of each other and are chosen by name.</summary>
internal abstract class BenchPart
{
    public abstract string Name { get; }

    /// <summary>What it measures, as a heading.</summary>
    public abstract string Question { get; }

    /// <returns>Markdown: tables and what has to be known to read them.</returns>
    public abstract Task<string> RunAsync(BenchServer server, CancellationToken cancellationToken);
}
