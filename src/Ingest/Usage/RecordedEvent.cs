using NodaTime;

namespace Metering.Ingest.Usage;

/// <summary>A stored event, as its last correction says it.</summary>
/// <param name="Payload">The event's <c>data</c> as JSON text; null when it has none.</param>
/// <param name="ValidationError">Which meters could not read it when it was recorded, and why; null when all could.</param>
public sealed record RecordedEvent(
    string Id, string Source, string Type, string Subject, Instant Time, string? Payload, Instant RecordedAt, long Batch, string? ValidationError);
