using System.Collections.Immutable;
using NodaTime;

namespace Metering.Subscriptions.Subscribing;

/// <summary>One phase on the calendar: [From, To).</summary>
public sealed record BillablePhase(string Key, string Name, Instant From, Instant? To, ImmutableArray<BillableRateCard> RateCards)
{
    public Guid Id { get; init; }
}
