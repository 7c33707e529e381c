using System.Collections.Immutable;
using Metering.Platform.Database;
using Metering.Platform.Identifiers;
using Metering.Rating;
using Metering.Subscriptions.Features;
using Metering.Subscriptions.Plans;
using Metering.Subscriptions.Wire;
using NodaTime;

namespace Metering.Subscriptions.Subscribing;

/// <summary>One item of a phase of a subscription as stored; a phase without items is one row without an item.</summary>
internal sealed record SubscriptionContent(
    Guid SubscriptionId,
    Guid PhaseId,
    string PhaseKey,
    string PhaseName,
    Instant PhaseFrom,
    Instant? PhaseTo,
    Guid? ItemId,
    string? RateCard,
    string? MeterSlug,
    string? MeterFilters,
    Guid? EntitlementId)
{
    private const string SelectSql = """
        select h.subscription_id as subscriptionId, h.id as phaseId, h.key as phaseKey, h.name as phaseName,
               h.active_from as phaseFrom, h.active_to as phaseTo,
               i.id as itemId, i.rate_card::text as rateCard, f.meter_slug as meterSlug, f.meter_filters::text as meterFilters,
               e.id as entitlementId
        from subscriptions.subscription_phase h
        left join subscriptions.subscription_item i on i.phase_id = h.id
        left join subscriptions.feature f on f.id = i.feature_id
        left join subscriptions.entitlement e on e.item_id = i.id
        where h.subscription_id = any(@ids)
        order by h.subscription_id, h.position, i.position
        """;

    public static async Task<ILookup<Guid, SubscriptionContent>> OfAsync(DbSession session, Guid[] ids, CancellationToken cancellationToken) =>
        (await session.QueryAsync<SubscriptionContent>(SelectSql, new { ids }, cancellationToken)).ToLookup(row => row.SubscriptionId);

    /// <summary>The phases as they run: what lies at or behind the subscription's end does not take place.</summary>
    public static ImmutableArray<BillablePhase> ToBillable(SubscriptionRow subscription, IEnumerable<SubscriptionContent> content) =>
    [
        .. PhasesOf(subscription, content).Select(phase => new BillablePhase(
            phase.First.PhaseKey, phase.First.PhaseName, phase.First.PhaseFrom, phase.To,
            [.. phase.Items.Select(item => item.ToBillableRateCard())])),
    ];

    public static ImmutableArray<SubscriptionPhaseView> ToViews(SubscriptionRow subscription, IEnumerable<SubscriptionContent> content) =>
        [.. PhasesOf(subscription, content).Select(phase => phase.First.ToPhaseView(subscription, phase.To, phase.Items))];

    private static IEnumerable<(SubscriptionContent First, Instant? To, IEnumerable<SubscriptionContent> Items)> PhasesOf(
        SubscriptionRow subscription, IEnumerable<SubscriptionContent> content) => content
        .GroupBy(row => row.PhaseId)
        .Select(rows => (First: rows.First(), Items: rows.Where(row => row.ItemId is not null)))
        .Where(phase => subscription.ActiveTo is not { } end || phase.First.PhaseFrom < end)
        .Select(phase => (phase.First, Earlier(phase.First.PhaseTo, subscription.ActiveTo), phase.Items));

    private static Instant? Earlier(Instant? left, Instant? right) => left is { } a && right is { } b ? Instant.Min(a, b) : left ?? right;

    private RateCardBody Card() => Metadata.FromJson<RateCardBody>(RateCard!);

    private BillableRateCard ToBillableRateCard()
    {
        var card = Card();
        return new BillableRateCard(
            card.Key, card.Name, card.FeatureKey, MeterSlug, card.BillingCadence is null ? null : Cadence.Parse(card.BillingCadence),
            PriceTerms.PriceOf(card), PriceTerms.TermsOf(card))
        {
            MeterFilters = FeatureMeter.FiltersOf(MeterFilters),
            DisplayUnit = card.UnitConfig?.DisplayUnit,
        };
    }

    private SubscriptionPhaseView ToPhaseView(SubscriptionRow subscription, Instant? to, IEnumerable<SubscriptionContent> items)
    {
        ImmutableArray<SubscriptionItemView> views = [.. items.Select(item => item.ToItemView(subscription, to))];
        return new SubscriptionPhaseView(
            PublicId.Format(PhaseId), PhaseKey, PhaseName, PhaseFrom, to, subscription.CreatedAt, subscription.UpdatedAt, views,
            views.ToImmutableSortedDictionary(item => item.Key, item => ImmutableArray.Create(item), StringComparer.Ordinal));
    }

    private SubscriptionItemView ToItemView(SubscriptionRow subscription, Instant? to)
    {
        var card = Card();
        return new SubscriptionItemView(
            PublicId.Format(ItemId!.Value), card.Key, card.Name, card.FeatureKey, card.BillingCadence, card.Price, card.Discounts,
            subscription.Currency, EntitlementId is { } id ? PublicId.Format(id) : null, PhaseFrom, to,
            subscription.CreatedAt, subscription.UpdatedAt);
    }
}
