using System.Collections.Immutable;
using Metering.Platform.Database;
using NodaTime;

namespace Metering.Ingest.Usage;

/// <summary>Reads stored events: the evidence behind every number.</summary>
public sealed class EventReader(MeteringDatabase database)
{
    public const int MaxEvents = 100;

    /// <summary>The events that a usage query counts, in order of time and id, at most <see cref="MaxEvents"/> after the offset.</summary>
    public Task<ImmutableArray<RecordedEvent>> BehindAsync(UsageQuery query, int offset, CancellationToken cancellationToken) =>
        throw new NotImplementedException($"{database}");
}

/// <summary>A stored event.</summary>
/// <param name="Payload">The event's <c>data</c> as JSON text; null when it has none.</param>
/// <param name="ValidationError">Why no meter counts it, when something is wrong with it.</param>
public sealed record RecordedEvent(
    string Id, string Source, string Type, string Subject, Instant Time, string? Payload, Instant RecordedAt, long Batch, string? ValidationError);
