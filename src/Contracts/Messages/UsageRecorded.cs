using System.Collections.Immutable;
using NodaTime;

namespace Metering.Contracts.Messages;

/// <summary>A batch of usage events has been committed. Sent once per batch, never per event.</summary>
/// <param name="Batch">The batch number; a usage query with this watermark or a later one sees the batch.</param>
/// <param name="Touched">Which usage changed, without repetition.</param>
public sealed record UsageRecorded(long Batch, ImmutableArray<TouchedUsage> Touched);

/// <summary>One meter and subject whose usage changed, with the span of the event times seen (both inclusive).</summary>
public sealed record TouchedUsage(string MeterSlug, string Subject, Instant Earliest, Instant Latest);
