using System.Collections.Immutable;
using NodaTime;

namespace Metering.Ingest.Usage;

/// <summary>One row of an answer. A span without events has no row.</summary>
/// <param name="Start">Inclusive; the query's From (or the earliest event's hour) when there are no windows.</param>
/// <param name="End">Exclusive.</param>
/// <param name="Subject">When grouped by subject.</param>
/// <param name="Dimensions">Exactly those grouped by; a null value groups events that lack the property.</param>
public sealed record UsageRow(
    decimal Value, Instant Start, Instant End, string? Subject, ImmutableSortedDictionary<string, string?> Dimensions)
{
    /// <summary>When grouped by customer; null groups the subjects that are nobody's.</summary>
    public Guid? CustomerId { get; init; }
}
