using System.Collections.Immutable;
using Metering.Platform.Database;
using Metering.Platform.Http;
using Metering.Platform.Identifiers;
using Metering.Subscriptions.Addons;
using Metering.Subscriptions.Plans;
using Metering.Subscriptions.Subscribing.Spec;
using NodaTime;

namespace Metering.Subscriptions.Subscribing;

/// <summary>An add-on that a subscription has, as stored; how many of it when is in the subscription's versions.</summary>
internal sealed record SubscriptionAddonRow(
    Guid Id,
    Guid SubscriptionId,
    Guid AddonId,
    string Name,
    string? Description,
    string Metadata,
    Instant CreatedAt,
    Instant UpdatedAt)
{
    private const string SelectSql = """
        select id, subscription_id as subscriptionId, addon_id as addonId, name, description, metadata::text as metadata,
               created_at as createdAt, updated_at as updatedAt
        from subscriptions.subscription_addon
        where subscription_id = @subscriptionId
        order by id
        """;

    public static Task<IReadOnlyList<SubscriptionAddonRow>> OfAsync(DbSession session, Guid subscriptionId, CancellationToken cancellationToken) =>
        session.QueryAsync<SubscriptionAddonRow>(SelectSql, new { subscriptionId }, cancellationToken);

    /// <summary>Of what is stored: the quantity of now changes by itself.</summary>
    public EntityTag TagIn(SubscriptionSpec spec) =>
        EntityTag.Of(Id, Name, Description, Metadata, UpdatedAt, spec.Addons.Single(one => one.Id == Id).Timeline);

    public SubscriptionAddonView ToView(AddonRow addon, SubscriptionSpec spec, Instant now)
    {
        var sold = spec.Addons.Single(one => one.Id == Id);
        var from = sold.Timeline[0].From;
        var at = Instant.Max(now, from);
        return new SubscriptionAddonView(
            PublicId.Format(Id), Name, Description, Wire.Metadata.ParseOrNull(Metadata), CreatedAt, UpdatedAt, from,
            sold.Timeline[^1] is { Quantity: 0, From: var ended } ? ended : null,
            new AddonReferenceView(PublicId.Format(addon.Id), addon.Key, addon.Version, addon.InstanceType), at, sold.QuantityAt(at),
            [.. sold.Timeline.Select(segment => new AddonSegmentView(segment.From, segment.To, segment.Quantity))], PublicId.Format(SubscriptionId),
            [.. sold.Cards.Select(card => new AddonRateCardView(card.Card, ItemsWith(spec, card.Card.Key)))]);
    }

    private ImmutableArray<string> ItemsWith(SubscriptionSpec spec, string key) =>
        [.. spec.Items.Where(item => item.Key == key && item.AddonIds.Contains(Id)).Select(item => PublicId.Format(item.Id))];
}

/// <summary>An add-on of a subscription as the API shows it.</summary>
/// <param name="ActiveTo">When its quantity becomes 0 for good; absent when open.</param>
/// <param name="QuantityAt">The instant for which <paramref name="Quantity"/> is told.</param>
internal sealed record SubscriptionAddonView(
    string Id,
    string Name,
    string? Description,
    ImmutableSortedDictionary<string, string>? Metadata,
    Instant CreatedAt,
    Instant UpdatedAt,
    Instant ActiveFrom,
    Instant? ActiveTo,
    AddonReferenceView Addon,
    Instant QuantityAt,
    int Quantity,
    ImmutableArray<AddonSegmentView> Timeline,
    string SubscriptionId,
    ImmutableArray<AddonRateCardView> RateCards);

internal sealed record AddonReferenceView(string Id, string Key, int Version, string InstanceType);

internal sealed record AddonSegmentView(Instant ActiveFrom, Instant? ActiveTo, int Quantity);

internal sealed record AddonRateCardView(RateCardBody RateCard, ImmutableArray<string> AffectedSubscriptionItemIds);
