using System.Collections.Immutable;
using Metering.Ingest.Filters;
using Metering.Rating;
using Metering.Subscriptions.Plans;
using NodaTime;

namespace Metering.Subscriptions.Subscribing;

/// <summary>One priced item of a phase.</summary>
/// <param name="FeatureKey">Null when the item belongs to no feature.</param>
/// <param name="MeterSlug">Null when nothing is metered: a flat fee.</param>
/// <param name="BillingCadence">Null: billed once, when the item begins.</param>
/// <param name="Price">Null: the item costs nothing and makes no line.</param>
public sealed record BillableRateCard(
    string Key,
    string Name,
    string? FeatureKey,
    string? MeterSlug,
    Cadence? BillingCadence,
    Price? Price,
    RateCardTerms Terms)
{
    /// <summary>The subscription's item: what it costs never changes, a change makes another item.</summary>
    public Guid ItemId { get; init; }

    /// <summary>Null: from the start of the phase.</summary>
    public Instant? From { get; init; }

    /// <summary>Exclusive; null: to the end of the phase.</summary>
    public Instant? To { get; init; }

    /// <summary>Of the meter's usage only what passes these is the item's: dimension name → a condition on its value.</summary>
    public ImmutableSortedDictionary<string, TextFilter> MeterFilters { get; init; } = ImmutableSortedDictionary<string, TextFilter>.Empty;

    /// <summary>Null: as the billing profile says.</summary>
    public RateCardTax? Tax { get; init; }

    /// <summary>What a converted unit is called on documents; null when nobody said.</summary>
    public string? DisplayUnit { get; init; }
}
