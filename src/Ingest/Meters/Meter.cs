using System.Collections.Immutable;
using NodaTime;

namespace Metering.Ingest.Meters;

/// <summary>How usage events of one type become a quantity.</summary>
/// <param name="ValueProperty">JSON path into the event's data (<c>$.total_tokens</c>); null for <see cref="Aggregation.Count"/>.</param>
/// <param name="GroupBy">Dimension name → JSON path into the event's data.</param>
public sealed record Meter(
    Guid Id,
    string Slug,
    string? Name,
    string? Description,
    Aggregation Aggregation,
    string EventType,
    string? ValueProperty,
    ImmutableSortedDictionary<string, string> GroupBy,
    Instant CreatedAt,
    Instant UpdatedAt);
