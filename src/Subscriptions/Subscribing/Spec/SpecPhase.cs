using System.Collections.Immutable;
using System.Text.Json.Serialization;
using Metering.Subscriptions.Plans;
using NodaTime;

namespace Metering.Subscriptions.Subscribing.Spec;

/// <summary>A phase of a subscription, before add-ons. It ends where the next one starts; the last one is open.</summary>
internal sealed record SpecPhase(Guid Id, string Key, string Name, string? Description, Instant From, ImmutableArray<SoldCard> Cards);

/// <summary>A card that a phase sells.</summary>
/// <param name="From">Null: from the start of the phase, wherever that moves.</param>
/// <param name="To">Null: to the end of the phase.</param>
internal sealed record SoldCard(BoundCard Card, Instant? From = null, Instant? To = null)
{
    [JsonIgnore]
    public string Key => Card.Card.Key;
}

/// <summary>A rate card and the feature that its key meant when it was written down: keys of archived features can be given again.</summary>
internal sealed record BoundCard(RateCardBody Card, Guid? FeatureId);
