using System.Collections.Immutable;
using Metering.Rating;
using Metering.Subscriptions.Customers;
using NodaTime;

namespace Metering.Subscriptions.Subscribing;

/// <summary>All that billing needs to know of a subscription.</summary>
/// <param name="BillingAnchor">Periods of <paramref name="BillingCadence"/> are counted from here, in the customer's zone.</param>
/// <param name="ActiveFrom">Inclusive.</param>
/// <param name="ActiveTo">Exclusive; null when open.</param>
/// <param name="Phases">In order, without gaps, from ActiveFrom on.</param>
public sealed record BillableSubscription(
    Guid Id,
    string Name,
    CustomerAccount Customer,
    PlanReference Plan,
    Currency Currency,
    Cadence BillingCadence,
    Instant BillingAnchor,
    Instant ActiveFrom,
    Instant? ActiveTo,
    ImmutableArray<BillablePhase> Phases)
{
    /// <summary>Whether a flat fee is charged for the served part of its period only.</summary>
    public bool ProratesFees { get; init; } = true;
}

/// <summary>Which version of which plan a subscription follows.</summary>
public sealed record PlanReference(Guid Id, string Key, string Name, int Version);

/// <summary>One phase on the calendar: [From, To).</summary>
public sealed record BillablePhase(string Key, string Name, Instant From, Instant? To, ImmutableArray<BillableRateCard> RateCards);

/// <summary>One priced item of a phase.</summary>
/// <param name="FeatureKey">Null when the item belongs to no feature.</param>
/// <param name="MeterSlug">Null when nothing is metered: a flat fee.</param>
/// <param name="BillingCadence">Null: billed once, when the phase begins.</param>
/// <param name="Price">Null: the item costs nothing and makes no line.</param>
public sealed record BillableRateCard(
    string Key,
    string Name,
    string? FeatureKey,
    string? MeterSlug,
    Cadence? BillingCadence,
    Price? Price,
    RateCardTerms Terms);
