using System.Collections.Immutable;
using System.Text.Json.Serialization;
using Metering.Subscriptions.Plans;
using NodaTime;

namespace Metering.Subscriptions.Subscribing.Spec;

/// <summary>
/// What is sold under one key of a phase for a while, add-ons included: [From, To). Its card never changes; a change makes a successor.
/// </summary>
/// <param name="To">The end of the phase at the latest; null when open.</param>
/// <param name="EntitledBy">The item that brought the entitlement: this one, or an earlier one since which nothing about it changed.</param>
/// <param name="AddonIds">The subscription's add-ons that are in the card.</param>
internal sealed record SpecItem(
    Guid Id,
    Guid PhaseId,
    RateCardBody Card,
    Guid? FeatureId,
    Instant From,
    Instant? To,
    Guid? EntitledBy,
    Instant CreatedAt,
    ImmutableArray<Guid> AddonIds)
{
    [JsonIgnore]
    public string Key => Card.Key;

    public bool Contains(Instant instant) => From <= instant && !(To <= instant);
}
