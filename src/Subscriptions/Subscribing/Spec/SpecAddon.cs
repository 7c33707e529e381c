using System.Collections.Immutable;
using NodaTime;

namespace Metering.Subscriptions.Subscribing.Spec;

/// <summary>An add-on that a subscription has, and how many of it when.</summary>
/// <param name="Id">Of the subscription's add-on, not of the catalog's.</param>
/// <param name="FromPhase">The phase from which on it can be had.</param>
/// <param name="Timeline">In order, without gaps; the last segment is open.</param>
internal sealed record SpecAddon(Guid Id, string FromPhase, ImmutableArray<BoundCard> Cards, ImmutableArray<AddonSegment> Timeline)
{
    public int QuantityAt(Instant instant) => Timeline.FirstOrDefault(segment => segment.Contains(instant))?.Quantity ?? 0;

    /// <summary>The last word counts: whatever was scheduled from <paramref name="at"/> on is replaced.</summary>
    public SpecAddon WithQuantity(int quantity, Instant at)
    {
        var kept = Timeline.Where(segment => segment.From < at)
            .Select(segment => segment.To is { } to && to <= at ? segment : segment with { To = at });
        var timeline = ImmutableArray.CreateBuilder<AddonSegment>();
        foreach (var segment in kept.Append(new AddonSegment(at, null, quantity)))
        {
            if (timeline.Count > 0 && timeline[^1].Quantity == segment.Quantity)
            {
                timeline[^1] = timeline[^1] with { To = segment.To };
            }
            else
            {
                timeline.Add(segment);
            }
        }

        return this with { Timeline = timeline.ToImmutable() };
    }
}

/// <summary>So many from an instant to another: [From, To).</summary>
internal sealed record AddonSegment(Instant From, Instant? To, int Quantity)
{
    public bool Contains(Instant instant) => From <= instant && !(To <= instant);
}
