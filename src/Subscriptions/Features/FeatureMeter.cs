using System.Collections.Immutable;
using Metering.Ingest.Filters;
using Metering.Ingest.Usage;
using Metering.Subscriptions.Wire;
using NodaTime;

namespace Metering.Subscriptions.Features;

/// <summary>Which usage is a feature's: a meter's, or the part of it that passes the feature's filters.</summary>
/// <param name="Filters">Dimension name → a condition on its value.</param>
public sealed record FeatureMeter(string Slug, ImmutableSortedDictionary<string, TextFilter> Filters)
{
    /// <summary>Null: the feature has no meter.</summary>
    /// <param name="filters">JSON as stored; null when all usage of the meter is the feature's.</param>
    public static FeatureMeter? Of(string? slug, string? filters) => slug is null ? null : new FeatureMeter(slug, FiltersOf(filters));

    /// <summary>Exactly the usage that is the feature's, by anybody.</summary>
    public UsageQuery Query(Instant? from, Instant? to) => new(Slug, from, to) { TextFilters = Filters };

    internal static ImmutableSortedDictionary<string, TextFilter> FiltersOf(string? json) => json is null
        ? ImmutableSortedDictionary<string, TextFilter>.Empty
        : Metadata.FromJson<ImmutableSortedDictionary<string, TextFilter>>(json);
}
