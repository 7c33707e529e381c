using NodaTime;

namespace Metering.Ingest.Events;

/// <summary>A usage event that is well formed.</summary>
/// <param name="Time">As the event states it; otherwise when it was received.</param>
/// <param name="Data">UTF-8 JSON of the data object without insignificant whitespace; empty when there is none.</param>
/// <param name="Extensions">The other attributes as a JSON object; null when there are none.</param>
internal sealed record UsageEvent(
    string Id, string Source, string Type, string Subject, Instant Time, ReadOnlyMemory<byte> Data, string? Extensions, Guid Key, Guid PayloadHash);
