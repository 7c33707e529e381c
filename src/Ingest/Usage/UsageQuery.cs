using System.Collections.Immutable;
using NodaTime;

namespace Metering.Ingest.Usage;

/// <summary>How much of a meter, by whom, over [From, To), grouped, as recorded by a watermark.</summary>
/// <param name="MeterSlug">Must name a meter; callers check with <c>MeterCatalog</c> first.</param>
/// <param name="From">Inclusive by event time; null is the beginning.</param>
/// <param name="To">Exclusive; null is the end.</param>
public sealed record UsageQuery(string MeterSlug, Instant? From, Instant? To)
{
    /// <summary>Null: one row for the whole span.</summary>
    public UsageWindow? Window { get; init; }

    /// <summary>Where days and months begin.</summary>
    public DateTimeZone Zone { get; init; } = DateTimeZone.Utc;

    /// <summary>Empty: every subject.</summary>
    public ImmutableArray<string> Subjects { get; init; } = [];

    /// <summary>Dimension names of the meter, and <c>subject</c>.</summary>
    public ImmutableArray<string> GroupBy { get; init; } = [];

    /// <summary>Dimension name → accepted values.</summary>
    public ImmutableSortedDictionary<string, ImmutableArray<string>> Filters { get; init; } =
        ImmutableSortedDictionary<string, ImmutableArray<string>>.Empty;

    /// <summary>Only what had been recorded by then; null is now. The same watermark gives the same answer for ever.</summary>
    public Watermark? AsRecordedBy { get; init; }
}

/// <summary>The size of the steps of a usage query.</summary>
public enum UsageWindow
{
    Minute,
    Hour,
    Day,
    Month,
}

/// <summary>A point in the order in which batches of events were committed; everything at or before it is visible.</summary>
public readonly record struct Watermark(long Batch);

/// <summary>One row of an answer. A span without events has no row.</summary>
/// <param name="Start">Inclusive; the query's From (or the earliest event's hour) when there are no windows.</param>
/// <param name="End">Exclusive.</param>
/// <param name="Subject">When grouped by subject.</param>
/// <param name="Dimensions">Exactly those grouped by; a null value groups events that lack the property.</param>
public sealed record UsageRow(
    decimal Value, Instant Start, Instant End, string? Subject, ImmutableSortedDictionary<string, string?> Dimensions);
