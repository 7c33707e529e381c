namespace Metering.Ingest.Usage;

/// <summary>A point in the order in which batches of events were committed; everything at or before it is visible.</summary>
public readonly record struct Watermark(long Batch);
