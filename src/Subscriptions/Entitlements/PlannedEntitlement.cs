using System.Collections.Immutable;
using Metering.Platform.Database;
using Metering.Rating;
using Metering.Subscriptions.Features;
using Metering.Subscriptions.Plans;
using Metering.Subscriptions.Subscribing;
using Metering.Subscriptions.Subscribing.Spec;
using Metering.Subscriptions.Wire;
using NodaTime;

namespace Metering.Subscriptions.Entitlements;

/// <summary>What one item of a subscription entitles its customer to, and when.</summary>
/// <param name="Id">The entitlement's own, as long as nobody else is the entitlement at that time.</param>
internal sealed record PlannedEntitlement(
    Guid Id,
    Guid ItemId,
    Guid SubscriptionId,
    Guid FeatureId,
    string FeatureKey,
    string? Aggregation,
    string Overlap,
    Instant ActiveFrom,
    Instant? ActiveTo,
    string RateCard,
    string BillingCadence,
    Instant BillingAnchor,
    string TimeZone)
{
    public EntitlementTemplateBody Template { get; } = Metadata.FromJson<RateCardBody>(RateCard).EntitlementTemplate!;

    public bool IsMetered => Template.Type == "metered";

    public decimal Allowance => Template.IssueAfterReset ?? 0m;

    public string? UsagePeriod => IsMetered
        ? Template.UsagePeriod ?? Metadata.FromJson<RateCardBody>(RateCard).BillingCadence ?? BillingCadence
        : null;

    /// <summary>Where its periods begin in a zone; null when nothing is metered.</summary>
    public BillingCalendar? Calendar => UsagePeriod is { } period
        ? QuotaCalendar.Of(Cadence.Parse(period), BillingAnchor, DateTimeZoneProviders.Tzdb[TimeZone])
        : null;

    /// <summary>
    /// Of every subscription of a customer, ended ones included, earliest first; one for each stretch in which nothing about it changes.
    /// </summary>
    public static async Task<IReadOnlyList<PlannedEntitlement>> OfCustomerAsync(
        DbSession session, Guid customerId, CancellationToken cancellationToken)
    {
        var rows = await SubscriptionRow.OfCustomerAsync(session, customerId, cancellationToken);
        var specs = await SubscriptionVersions.LatestAsync(session, [.. rows.Select(row => row.Id)], cancellationToken);
        var features = await FeatureRow.FindAllAsync(
            session, specs.Values.SelectMany(spec => spec.Items).Select(item => item.FeatureId).OfType<Guid>(), cancellationToken);
        var items = specs.Values.SelectMany(spec => spec.Items).Select(item => item.EntitledBy).OfType<Guid>().Distinct().ToArray();
        var entitlements = (await session.QueryAsync<(Guid ItemId, Guid Id)>(EntitlementsSql, new { items }, cancellationToken))
            .ToDictionary(row => row.ItemId, row => row.Id);
        return
        [
            .. rows.SelectMany(row => specs[row.Id].Items.Where(item => item.EntitledBy is not null).GroupBy(item => item.EntitledBy!.Value)
                    .Select(run => Of(
                        row, [.. run], features[run.First().FeatureId!.Value], entitlements.GetValueOrDefault(run.First().Id, run.First().Id))))
                .Where(planned => !(planned.ActiveTo <= planned.ActiveFrom))
                .OrderBy(planned => planned.ActiveFrom).ThenBy(planned => planned.ItemId),
        ];
    }

    /// <summary>A subscription's own end cuts what lies behind it.</summary>
    private static PlannedEntitlement Of(SubscriptionRow row, ImmutableArray<SpecItem> items, FeatureRow feature, Guid id)
    {
        var (first, end) = (items[0], items[^1].To);
        return new PlannedEntitlement(
            id, first.Id, row.Id, feature.Id, feature.Key, feature.Aggregation, feature.Overlap, first.From,
            end is { } ends && row.ActiveTo is { } to ? Instant.Min(ends, to) : end ?? row.ActiveTo, Metadata.ToJson(first.Card),
            row.BillingCadence, row.BillingAnchor, row.TimeZone);
    }

    private const string EntitlementsSql = "select item_id as itemId, id from subscriptions.entitlement where item_id = any(@items)";
}
