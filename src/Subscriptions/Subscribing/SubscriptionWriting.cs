using Metering.Platform.Database;
using Metering.Platform.Identifiers;
using Metering.Subscriptions.Features;
using Metering.Subscriptions.Plans;
using Metering.Subscriptions.Snapshots;
using Metering.Subscriptions.Wire;
using NodaTime;

namespace Metering.Subscriptions.Subscribing;

/// <summary>Copies a plan's phases into a subscription: items, and when access changes by itself.</summary>
internal static class SubscriptionWriting
{
    public static async Task AddPhasesAsync(
        DbSession session, SubscriptionRow subscription, PlanRow plan, Instant now, CancellationToken cancellationToken)
    {
        var phases = SubscriptionTimeline.Of(plan.PhaseBodies(), subscription.ActiveFrom, DateTimeZoneProviders.Tzdb[subscription.TimeZone]);
        var features = await FeatureRow.FindAllAsync(session, PlanChecks.FeatureKeysOf(plan.ToBody()), cancellationToken);
        foreach (var (position, phase) in phases.Index())
        {
            var phaseId = PublicId.New(now);
            await session.ExecuteAsync(
                InsertPhaseSql,
                new { id = phaseId, subscriptionId = subscription.Id, position, phase.Phase.Key, phase.Phase.Name, phase.From, phase.To },
                cancellationToken);
            foreach (var (itemPosition, card) in phase.Phase.RateCards.Index())
            {
                var feature = card.FeatureKey is null ? null : features.GetValueOrDefault(card.FeatureKey);
                await session.ExecuteAsync(
                    InsertItemSql,
                    new { id = PublicId.New(now), phaseId, position = itemPosition, featureId = feature?.Id, rateCard = Metadata.ToJson(card) },
                    cancellationToken);
            }

            await AccessBoundaries.AddAsync(session, subscription.CustomerId, phase.From, now, cancellationToken);
        }
    }

    private const string InsertPhaseSql = """
        insert into subscriptions.subscription_phase (id, subscription_id, position, key, name, active_from, active_to)
        values (@id, @subscriptionId, @position, @Key, @Name, @From, @To)
        """;

    private const string InsertItemSql = """
        insert into subscriptions.subscription_item (id, phase_id, position, feature_id, rate_card)
        values (@id, @phaseId, @position, @featureId, @rateCard::jsonb)
        """;
}
