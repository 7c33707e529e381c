using System.Collections.Immutable;
using Metering.Ingest.Filters;
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

    /// <summary>Dimension names of the meter, <c>subject</c> and <c>customer_id</c>.</summary>
    public ImmutableArray<string> GroupBy { get; init; } = [];

    /// <summary>Dimension name → accepted values.</summary>
    public ImmutableSortedDictionary<string, ImmutableArray<string>> Filters { get; init; } =
        ImmutableSortedDictionary<string, ImmutableArray<string>>.Empty;

    /// <summary>Dimension name → a condition on its value. What both kinds of filter let through is counted.</summary>
    public ImmutableSortedDictionary<string, TextFilter> TextFilters { get; init; } = ImmutableSortedDictionary<string, TextFilter>.Empty;

    /// <summary>Only what had been recorded by then; null is now. The same watermark gives the same answer for ever.</summary>
    public Watermark? AsRecordedBy { get; init; }
}
