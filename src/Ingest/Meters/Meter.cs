using System.Collections.Immutable;
using Metering.Ingest.Filters;
using NodaTime;

namespace Metering.Ingest.Meters;

/// <summary>How usage events of one type become a quantity.</summary>
/// <param name="ValueProperty">
/// JSON path into the event's data (<c>$.total_tokens</c>); null for <see cref="Aggregation.Count"/> and with an expression.
/// </param>
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
    Instant UpdatedAt)
{
    /// <summary>Computes the value from several fields, in place of a property; null for most meters.</summary>
    public string? ValueExpression { get; init; }

    /// <summary>JSON path into the event's data → a condition on what is there. Events that do not fulfil all of them are not counted.</summary>
    public ImmutableSortedDictionary<string, TextFilter> EventFilters { get; init; } = ImmutableSortedDictionary<string, TextFilter>.Empty;

    /// <summary>Events before this instant are not counted; null counts all.</summary>
    public Instant? EventFrom { get; init; }

    public ImmutableSortedDictionary<string, string> Metadata { get; init; } = ImmutableSortedDictionary<string, string>.Empty;

    /// <summary>A deleted meter counts nothing more and its slug is free again.</summary>
    public Instant? DeletedAt { get; init; }

    /// <summary>Null when no events were stored before the meter was made.</summary>
    internal MeterBackfillView? Backfill { get; init; }

    /// <summary>The meter's short name in the rollups.</summary>
    internal int Number { get; init; }
}
