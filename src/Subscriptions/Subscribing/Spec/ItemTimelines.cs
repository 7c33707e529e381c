using System.Collections.Immutable;
using Metering.Subscriptions.Wire;
using NodaTime;

namespace Metering.Subscriptions.Subscribing.Spec;

/// <summary>
/// The items that phases and add-ons come to. Pure.
/// <code>
/// cards      [ 10.00 ......................................................
/// add-on            [ × 1, +5.00 ..... )[ × 3, +15.00 .....................
/// items      [ #1  ) [ #2 15.00 ...... )[ #3 25.00 ........................
/// </code>
/// An item that was there before keeps its id: one that starts where it did and says what it said, wherever it now ends; and one that had not
/// started and only moved.
/// </summary>
internal static class ItemTimelines
{
    public static ImmutableArray<SpecItem> Of(SubscriptionSpec spec, ImmutableArray<SpecItem> before, Instant now, Func<Guid> newId)
    {
        List<SpecItem> known = [.. before];
        var items = ImmutableArray.CreateBuilder<SpecItem>();
        foreach (var phase in spec.Phases)
        {
            foreach (var key in KeysOf(spec, phase))
            {
                foreach (var segment in SegmentsOf(spec, phase, key).SelectMany(segment => Parted(segment, phase, before, now)))
                {
                    items.Add(Recognised(segment, phase, known, now, newId));
                }
            }
        }

        return Entitled(items.ToImmutable(), spec.Cadence);
    }

    private static IEnumerable<string> KeysOf(SubscriptionSpec spec, SpecPhase phase) => phase.Cards.Select(card => card.Key)
        .Concat(spec.AddonsOf(phase).SelectMany(addon => addon.Cards).Select(card => card.Card.Key))
        .Distinct(StringComparer.Ordinal);

    private static ImmutableArray<Segment> SegmentsOf(SubscriptionSpec spec, SpecPhase phase, string key)
    {
        var end = spec.EndOf(phase);
        var cards = phase.Cards.Where(card => card.Key == key).ToList();
        var addons = spec.AddonsOf(phase).Where(addon => addon.Cards.Any(card => card.Card.Key == key)).ToList();
        var cuts = cards.SelectMany(card => new[] { card.From, card.To })
            .Concat(addons.SelectMany(addon => addon.Timeline).Select(segment => (Instant?)segment.From))
            .OfType<Instant>().Where(cut => cut > phase.From && !(end <= cut))
            .Append(phase.From).Distinct().Order().ToList();
        var segments = ImmutableArray.CreateBuilder<Segment>();
        foreach (var (i, from) in cuts.Index())
        {
            var to = i + 1 < cuts.Count ? cuts[i + 1] : end;
            var had = addons.Where(addon => addon.QuantityAt(from) > 0).ToList();
            var card = cards.LastOrDefault(card => !(card.From > from) && !(card.To <= from))?.Card;
            foreach (var addon in had)
            {
                card = AddonMerge.Combine(card, addon.Cards.First(one => one.Card.Key == key), addon.QuantityAt(from));
            }

            if (card is not null)
            {
                Append(segments, new Segment(card, from, to, [.. had.Select(addon => addon.Id)], Metadata.ToJson(card)));
            }
        }

        return segments.ToImmutable();
    }

    /// <summary>What goes on unchanged is one item, however often something was cut and put back.</summary>
    private static void Append(ImmutableArray<Segment>.Builder segments, Segment segment)
    {
        if (segments.Count > 0 && segments[^1] is var last && last.To == segment.From && last.Text == segment.Text)
        {
            segments[^1] = last with { To = segment.To };
        }
        else
        {
            segments.Add(segment);
        }
    }

    /// <summary>What has ended stays ended: the same card sold again from that instant on is another item, because the first may be billed.</summary>
    private static IEnumerable<Segment> Parted(Segment segment, SpecPhase phase, ImmutableArray<SpecItem> before, Instant now)
    {
        var ends = before.Where(item => item.PhaseId == phase.Id && item.To <= now && segment.Says(item))
            .Select(item => item.To!.Value).Where(end => end > segment.From && !(segment.To <= end)).Order();
        foreach (var end in ends)
        {
            yield return segment with { To = end };
            segment = segment with { From = end };
        }

        yield return segment;
    }

    private static SpecItem Recognised(Segment segment, SpecPhase phase, List<SpecItem> known, Instant now, Func<Guid> newId)
    {
        var same = known.FindIndex(item => item.PhaseId == phase.Id && segment.Says(item) && item.From == segment.From);
        if (same < 0 && segment.From > now)
        {
            same = known.FindIndex(item => item.PhaseId == phase.Id && segment.Says(item) && item.From > now);
        }

        if (same < 0)
        {
            return new SpecItem(newId(), phase.Id, segment.Card.Card, segment.Card.FeatureId, segment.From, segment.To, null, now, segment.AddonIds);
        }

        var item = known[same];
        known.RemoveAt(same);
        return item with { From = segment.From, To = segment.To, AddonIds = segment.AddonIds };
    }

    /// <summary>An entitlement runs on through items that change nothing about it, so that a new price resets no quota.</summary>
    private static ImmutableArray<SpecItem> Entitled(ImmutableArray<SpecItem> items, string cadence)
    {
        var entitled = ImmutableArray.CreateBuilder<SpecItem>(items.Length);
        foreach (var item in items)
        {
            var before = entitled.LastOrDefault(one => one.PhaseId == item.PhaseId && one.Key == item.Key);
            var goesOn = before is not null && before.To == item.From && EntitlementText(before, cadence) == EntitlementText(item, cadence);
            entitled.Add(item with { EntitledBy = EntitlementText(item, cadence).Length == 0 ? null : goesOn ? before!.EntitledBy : item.Id });
        }

        return entitled.ToImmutable();
    }

    private static string EntitlementText(SpecItem item, string cadence) => item is { Card.EntitlementTemplate: { } template, FeatureId: not null }
        ? $"{item.FeatureId} {template.UsagePeriod ?? item.Card.BillingCadence ?? cadence} {Metadata.ToJson(template)}"
        : "";

    /// <param name="Text">The card and its feature as canonical text: records that hold arrays are compared by it.</param>
    private sealed record Segment(BoundCard Card, Instant From, Instant? To, ImmutableArray<Guid> AddonIds, string Text)
    {
        public bool Says(SpecItem item) => Metadata.ToJson(new BoundCard(item.Card, item.FeatureId)) == Text;
    }
}
