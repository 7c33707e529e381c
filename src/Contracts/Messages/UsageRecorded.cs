using System.Collections.Immutable;
using System.Text.Json.Serialization;

namespace Metering.Contracts.Messages;

/// <summary>A batch of usage events has been committed. Sent once per batch, never per event.</summary>
/// <param name="Batch">The batch number; a usage query with this watermark or a later one sees the batch.</param>
/// <param name="Touched">Which usage changed, without repetition.</param>
public sealed record UsageRecorded(
    long Batch, [property: JsonConverter(typeof(TouchedUsageConverter))] ImmutableArray<TouchedUsage> Touched);
