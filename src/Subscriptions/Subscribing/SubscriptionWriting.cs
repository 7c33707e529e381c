using System.Collections.Immutable;
using Metering.Contracts.Messages;
using Metering.Platform.Auditing;
using Metering.Platform.Database;
using Metering.Platform.Identifiers;
using Metering.Platform.Messaging;
using Metering.Subscriptions.Features;
using Metering.Subscriptions.Plans;
using Metering.Subscriptions.Snapshots;
using Metering.Subscriptions.Subscribing.Spec;
using Metering.Subscriptions.Wire;
using NodaTime;

namespace Metering.Subscriptions.Subscribing;

/// <summary>
/// The one way in which a subscription changes: a version is added, the entitlements of its items follow, sidecars and billing are told. The
/// caller holds the customer's lock.
/// </summary>
internal static class SubscriptionWriting
{
    public static async Task AddAsync(
        DbSession session, SubscriptionRow row, SubscriptionSpec spec, Instant now, CancellationToken cancellationToken)
    {
        await session.ExecuteAsync(InsertSql, row, cancellationToken);
        await session.ExecuteAsync(SetCurrencySql, new { row.CustomerId, row.Currency }, cancellationToken);
        await SaveAsync(session, row, spec, "created", now, cancellationToken);
        await Outbox.AddAsync(session, new SubscriptionStarted(row.Id, row.CustomerId, row.ActiveFrom), cancellationToken);
    }

    /// <summary>A version in which something else is sold.</summary>
    public static async Task<SubscriptionRow> EditAsync(
        DbSession session, SubscriptionRow row, SubscriptionSpec spec, string change, Instant now, CancellationToken cancellationToken)
    {
        await session.ExecuteAsync("update subscriptions.subscription set updated_at = @now where id = @Id", new { row.Id, now }, cancellationToken);
        await SaveAsync(session, row, spec, change, now, cancellationToken);
        await Outbox.AddAsync(session, new SubscriptionChanged(row.Id, row.CustomerId, now), cancellationToken);
        return row with { UpdatedAt = now, ContentVersion = row.ContentVersion + 1 };
    }

    /// <summary>A version that ends elsewhere; null: nowhere any more.</summary>
    public static async Task<SubscriptionRow> EndAsync(
        DbSession session, SubscriptionRow row, Instant? activeTo, string change, Instant now, CancellationToken cancellationToken)
    {
        await session.ExecuteAsync(EndSql, new { row.Id, activeTo, now }, cancellationToken);
        var ended = row with { ActiveTo = activeTo, UpdatedAt = now, ContentVersion = row.ContentVersion + 1 };
        var spec = await SubscriptionVersions.LatestAsync(session, row.Id, cancellationToken);
        await SaveAsync(session, ended, spec, change, now, cancellationToken);
        if (activeTo is { } end)
        {
            await AccessBoundaries.AddAsync(session, row.CustomerId, end, now, cancellationToken);
            await Outbox.AddAsync(session, new SubscriptionEnded(row.Id, row.CustomerId, end), cancellationToken);
        }
        else
        {
            await Outbox.AddAsync(session, new SubscriptionChanged(row.Id, row.CustomerId, now), cancellationToken);
        }

        return ended;
    }

    /// <summary>A scheduled subscription never was: it ends where it would have begun and is not shown any more.</summary>
    public static async Task DeleteAsync(DbSession session, SubscriptionRow row, Instant now, CancellationToken cancellationToken)
    {
        await EndAsync(session, row, row.ActiveFrom, "deleted", now, cancellationToken);
        await session.ExecuteAsync("update subscriptions.subscription set deleted_at = @now where id = @Id", new { row.Id, now }, cancellationToken);
        await AuditAsync(session, "subscription.delete", row, null, now, cancellationToken);
    }

    public static Task AuditAsync(
        DbSession session, string action, SubscriptionRow? before, SubscriptionRow? after, Instant now, CancellationToken cancellationToken) =>
        AuditTrail.RecordAsync(
            session,
            new AuditEntry(
                action, PublicId.Format((before ?? after)!.Id), now, before?.ToView(now, phases: null), after?.ToView(now, phases: null)),
            cancellationToken);

    private static async Task SaveAsync(
        DbSession session, SubscriptionRow row, SubscriptionSpec spec, string change, Instant now, CancellationToken cancellationToken)
    {
        await SubscriptionVersions.AddAsync(session, row, spec, change, now, cancellationToken);
        await session.ExecuteAsync(InsertItemsSql, new { row.Id, ids = spec.Items.Select(item => item.Id).ToArray() }, cancellationToken);
        await SaveEntitlementsAsync(session, row, spec, now, cancellationToken);
        foreach (var boundary in spec.Items.SelectMany(item => new[] { item.From, item.To }).OfType<Instant>().Distinct())
        {
            await AccessBoundaries.AddAsync(session, row.CustomerId, boundary, now, cancellationToken);
        }

        await SnapshotVersions.BumpAsync(session, [row.CustomerId], cancellationToken);
    }

    /// <summary>Entitlements are what their items say; one that no item has any more ends before it begins.</summary>
    private static async Task SaveEntitlementsAsync(
        DbSession session, SubscriptionRow row, SubscriptionSpec spec, Instant now, CancellationToken cancellationToken)
    {
        var runs = spec.Items.Where(item => item.EntitlementId is not null).GroupBy(item => item.EntitlementId!.Value).ToList();
        var features = await FeatureRow.FindAllAsync(session, runs.Select(run => run.First().FeatureId!.Value), cancellationToken);
        await session.ExecuteAsync(WithdrawSql, new { row.Id, kept = runs.Select(run => run.Key).ToArray(), now }, cancellationToken);
        foreach (var run in runs)
        {
            await session.ExecuteAsync(UpsertEntitlementSql, EntitlementOf(run, features, row), cancellationToken);
        }
    }

    private static object EntitlementOf(IGrouping<Guid, SpecItem> run, ImmutableDictionary<Guid, FeatureRow> features, SubscriptionRow row)
    {
        var (first, last) = (run.First(), run.Last());
        var (card, template, feature) = (first.Card, first.Card.EntitlementTemplate!, features[first.FeatureId!.Value]);
        return new
        {
            id = run.Key,
            row.CustomerId,
            subscriptionId = row.Id,
            itemId = first.Id,
            featureId = feature.Id,
            featureKey = feature.Key,
            kind = template.Type,
            template.Config,
            soft = template.IsSoftLimit ?? false,
            allowance = (long)(template.IssueAfterReset ?? 0m),
            usagePeriod = template.Type == "metered" ? template.UsagePeriod ?? card.BillingCadence ?? row.BillingCadence : null,
            rateLimits = Metadata.ToJson(template.RateLimits ?? []),
            first.From,
            last.To,
        };
    }

    private const string InsertSql = """
        insert into subscriptions.subscription
            (id, customer_id, plan_id, plan_name, name, description, currency, billing_cadence, billing_anchor, prorates, active_from, metadata,
             created_at, updated_at)
        values
            (@Id, @CustomerId, @PlanId, @PlanName, @Name, @Description, @Currency, @BillingCadence, @BillingAnchor, @Prorates, @ActiveFrom,
             @Metadata::jsonb, @CreatedAt, @UpdatedAt)
        """;

    private const string SetCurrencySql = "update subscriptions.customer set currency = @Currency where id = @CustomerId and currency is null";

    private const string EndSql = "update subscriptions.subscription set active_to = @activeTo, updated_at = @now where id = @Id";

    private const string InsertItemsSql = """
        insert into subscriptions.subscription_item (id, subscription_id)
        select id, @Id
        from unnest(@ids) as i (id)
        on conflict do nothing
        """;

    private const string WithdrawSql = """
        update subscriptions.entitlement
        set active_to = least(active_from, @now)
        where subscription_id = @Id and item_id is not null and not id = any(@kept)
        """;

    private const string UpsertEntitlementSql = """
        insert into subscriptions.entitlement
            (id, customer_id, subscription_id, item_id, feature_id, feature_key, kind, config, soft, allowance, usage_period, rate_limits,
             active_from, active_to)
        values
            (@id, @CustomerId, @subscriptionId, @itemId, @featureId, @featureKey, @kind, @Config, @soft, @allowance, @usagePeriod, @rateLimits::jsonb,
             @From, @To)
        on conflict (id) do update
        set active_from = excluded.active_from, active_to = excluded.active_to
        """;
}
