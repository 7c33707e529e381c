using System.Collections.Immutable;
using Metering.Rating;
using Metering.Subscriptions.Customers;
using NodaTime;

namespace Metering.Subscriptions.Subscribing;

/// <summary>All that billing needs to know of a subscription.</summary>
/// <param name="BillingAnchor">Periods of <paramref name="BillingCadence"/> are counted from here, in the customer's zone.</param>
/// <param name="ActiveFrom">Inclusive.</param>
/// <param name="ActiveTo">Exclusive; null when open.</param>
/// <param name="Phases">In order, without gaps, from ActiveFrom on; their items have times of their own.</param>
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

    /// <summary>Moves of the customer from zone to zone, in order; the zone of <see cref="Customer"/> is the present one.</summary>
    public ImmutableArray<ZoneChange> ZoneChanges { get; init; } = [];

    /// <summary>The periods of a cadence, counted from the billing anchor.</summary>
    public ServiceCalendar CalendarOf(Cadence cadence) =>
        ServiceCalendar.Of(cadence, BillingAnchor, ActiveFrom, Customer.Zone, ZoneChanges);

    /// <summary>The least that a full billing period costs over all rate cards; null when nothing is agreed.</summary>
    public PlanCommitment? Commitment { get; init; }
}
