using NodaTime;

namespace Metering.Contracts.Messages;

/// <summary>A body of usage events as the gateway posted it, on its way from the API to the ingest consumer.</summary>
/// <param name="BatchId">Names this acceptance; a redelivery carries the same one.</param>
/// <param name="Body">UTF-8 JSON: always an array of CloudEvents in structured form, whatever form was posted.</param>
/// <param name="ReceivedAt">When the API accepted it; the time of an event that states none.</param>
public sealed record UsageEventsAccepted(Guid BatchId, byte[] Body, Instant ReceivedAt);
