namespace Metering.Ingest.Usage;

/// <summary>A point in the order in which batches of events were committed; everything at or before it is visible.</summary>
public readonly record struct Watermark(long Batch)
{
    /// <summary>After every batch there will ever be. Greater numbers stand for backfills, whose events no watermark reaches by number.</summary>
    internal const long Latest = (1L << 62) - 1;
}
