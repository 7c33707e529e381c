using System.Collections.Immutable;
using Metering.Platform.Database;
using Metering.Platform.Identifiers;
using Metering.Rating;
using Metering.Subscriptions.Features;
using Metering.Subscriptions.Plans;
using Metering.Subscriptions.Subscribing.Spec;
using NodaTime;

namespace Metering.Subscriptions.Subscribing;

/// <summary>
/// A spec together with the features its items belong to, to be shown or billed. What lies at or behind the end does not take place.
/// </summary>
internal sealed class SubscriptionContent(
    SubscriptionSpec spec, ImmutableDictionary<Guid, FeatureRow> features, ImmutableDictionary<Guid, Guid> entitlements)
{
    public SubscriptionSpec Spec => spec;

    public static async Task<SubscriptionContent> OfAsync(DbSession session, Guid id, CancellationToken cancellationToken) =>
        (await OfAsync(session, [id], cancellationToken))[id];

    public static async Task<ImmutableDictionary<Guid, SubscriptionContent>> OfAsync(
        DbSession session, Guid[] ids, CancellationToken cancellationToken)
    {
        var specs = await SubscriptionVersions.LatestAsync(session, ids, cancellationToken);
        var features = await FeatureRow.FindAllAsync(session, specs.Values.SelectMany(FeaturesOf), cancellationToken);
        var entitlements = await EntitlementsAsync(session, specs.Values, cancellationToken);
        return specs.ToImmutableDictionary(pair => pair.Key, pair => new SubscriptionContent(pair.Value, features, entitlements));
    }

    public static async Task<SubscriptionContent> OfAsync(DbSession session, SubscriptionSpec spec, CancellationToken cancellationToken) =>
        new(
            spec, await FeatureRow.FindAllAsync(session, FeaturesOf(spec), cancellationToken),
            await EntitlementsAsync(session, [spec], cancellationToken));

    public FeatureRow? FeatureOf(SpecItem item) => item.FeatureId is { } id ? features.GetValueOrDefault(id) : null;

    public ImmutableArray<BillablePhase> ToBillable(Instant? activeTo) =>
    [
        .. PhasesBefore(activeTo).Select(phase => new BillablePhase(
            phase.Phase.Key, phase.Phase.Name, phase.Phase.From, phase.To,
            [.. phase.Items.Select(item => ToBillable(item, activeTo))])
        {
            Id = phase.Phase.Id,
        }),
    ];

    /// <param name="subscription">The subscription.</param>
    /// <param name="activeTo">Its end as it was known at <paramref name="at"/>.</param>
    /// <param name="at">Which items are shown as those of a phase.</param>
    public ImmutableArray<SubscriptionPhaseView> ToViews(SubscriptionRow subscription, Instant? activeTo, Instant at) =>
        [.. PhasesBefore(activeTo).Select(phase => ToView(subscription, phase.Phase, phase.To, phase.Items, activeTo, at))];

    private static IEnumerable<Guid> FeaturesOf(SubscriptionSpec spec) => spec.Items.Select(item => item.FeatureId).OfType<Guid>();

    /// <summary>Item → the entitlement that it brought.</summary>
    private static async Task<ImmutableDictionary<Guid, Guid>> EntitlementsAsync(
        DbSession session, IEnumerable<SubscriptionSpec> specs, CancellationToken cancellationToken)
    {
        var ids = specs.SelectMany(spec => spec.Items).Select(item => item.EntitledBy).OfType<Guid>().Distinct().ToArray();
        return (await session.QueryAsync<(Guid ItemId, Guid Id)>(EntitlementsSql, new { ids }, cancellationToken))
            .ToImmutableDictionary(row => row.ItemId, row => row.Id);
    }

    private IEnumerable<(SpecPhase Phase, Instant? To, ImmutableArray<SpecItem> Items)> PhasesBefore(Instant? activeTo) => spec.Phases
        .Where(phase => activeTo is not { } end || phase.From < end)
        .Select(phase => (
            phase, Earlier(spec.EndOf(phase), activeTo),
            spec.ItemsOf(phase).Where(item => activeTo is not { } end || item.From < end).ToImmutableArray()));

    private static Instant? Earlier(Instant? left, Instant? right) => left is { } a && right is { } b ? Instant.Min(a, b) : left ?? right;

    private BillableRateCard ToBillable(SpecItem item, Instant? activeTo) => new(
        item.Key, item.Card.Name, item.Card.FeatureKey, FeatureOf(item)?.MeterSlug,
        item.Card.BillingCadence is null ? null : Cadence.Parse(item.Card.BillingCadence), PriceTerms.PriceOf(item.Card),
        PriceTerms.TermsOf(item.Card))
    {
        MeterFilters = FeatureMeter.FiltersOf(FeatureOf(item)?.MeterFilters),
        Tax = item.Card.TaxConfig?.ToTax(),
        DisplayUnit = item.Card.UnitConfig?.DisplayUnit,
        ItemId = item.Id,
        From = item.From,
        To = Earlier(item.To, activeTo),
    };

    private SubscriptionPhaseView ToView(
        SubscriptionRow subscription, SpecPhase phase, Instant? to, ImmutableArray<SpecItem> items, Instant? activeTo, Instant at)
    {
        var shownAt = to is { } end && end <= at ? end - Duration.FromNanoseconds(1000) : Instant.Max(at, phase.From);
        var timelines = items.ToLookup(item => item.Key);
        return new SubscriptionPhaseView(
            PublicId.Format(phase.Id), phase.Key, phase.Name, phase.Description, phase.From, to, subscription.CreatedAt, subscription.UpdatedAt,
            [.. items.Where(item => item.Contains(shownAt)).Select(item => ToView(subscription, item, activeTo))],
            timelines.ToImmutableSortedDictionary(
                timeline => timeline.Key,
                timeline => timeline.OrderBy(item => item.From).Select(item => ToView(subscription, item, activeTo)).ToImmutableArray(),
                StringComparer.Ordinal));
    }

    private SubscriptionItemView ToView(SubscriptionRow subscription, SpecItem item, Instant? activeTo) => new(
        PublicId.Format(item.Id), item.Key, item.Card.Name, item.Card.Description, item.Card.FeatureKey, item.Card.BillingCadence,
        item.Card.Price, item.Card.Discounts, item.Card.TaxConfig, subscription.Currency,
        FeatureOf(item) is { } feature ? new IncludedView(feature.ToView()) : null,
        item.EntitledBy is { } by && entitlements.TryGetValue(by, out var id) ? PublicId.Format(id) : null,
        item.From, Earlier(item.To, activeTo), item.Card.Metadata,
        item.CreatedAt, subscription.UpdatedAt);

    private const string EntitlementsSql = "select item_id, id from subscriptions.entitlement where item_id = any(@ids) and deleted_at is null";
}
