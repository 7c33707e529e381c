using Metering.Contracts.Messages;
using Metering.Platform.Auditing;
using Metering.Platform.Database;
using Metering.Platform.Identifiers;
using Metering.Platform.Messaging;
using Metering.Subscriptions.Entitlements;
using Metering.Subscriptions.Snapshots;
using Metering.Subscriptions.Subscribing.Spec;
using Microsoft.AspNetCore.Http;
using NodaTime;

namespace Metering.Subscriptions.Subscribing;

/// <summary>
/// The one way in which a subscription changes: a version is added, sidecars and billing are told. The caller holds the customer's lock, and lets
/// the entitlements follow when everything is written.
/// </summary>
internal static class SubscriptionWriting
{
    /// <param name="follows">The subscription that ends where this one begins, because this one takes its place.</param>
    public static async Task AddAsync(
        DbSession session, SubscriptionRow row, SubscriptionSpec spec, Guid? follows, Instant now, CancellationToken cancellationToken)
    {
        await session.ExecuteAsync(InsertSql, row, cancellationToken);
        if (follows is not null)
        {
            await session.ExecuteAsync(FollowsSql, new { row.Id, follows }, cancellationToken);
        }

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

    /// <summary>Entitlements follow what subscriptions now say.</summary>
    /// <returns>Null, or the answer that says what would be billed twice, or to which feature the customer would be entitled twice.</returns>
    public static async Task<IResult?> EntitleAsync(
        DbSession session, EntitlementSync entitlements, Guid customerId, Instant now, CancellationToken cancellationToken) =>
        await SubscriptionOverlap.RefuseAsync(session, customerId, now, cancellationToken) is { } twice ? twice
        : await entitlements.SyncAsync(session, customerId, now, cancellationToken) is { IsEmpty: false } refused
            ? EntitlementConflict.Refused(refused)
        : null;

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
        foreach (var boundary in spec.Items.SelectMany(item => new[] { item.From, item.To }).OfType<Instant>().Distinct())
        {
            await AccessBoundaries.AddAsync(session, row.CustomerId, boundary, now, cancellationToken);
        }

        await SnapshotVersions.BumpAsync(session, [row.CustomerId], cancellationToken);
    }

    private const string InsertSql = """
        insert into subscriptions.subscription
            (id, customer_id, plan_id, plan_name, name, description, currency, billing_cadence, billing_anchor, prorates, active_from, metadata,
             created_at, updated_at)
        values
            (@Id, @CustomerId, @PlanId, @PlanName, @Name, @Description, @Currency, @BillingCadence, @BillingAnchor, @Prorates, @ActiveFrom,
             @Metadata::jsonb, @CreatedAt, @UpdatedAt)
        """;

    private const string FollowsSql = "update subscriptions.subscription set follows = @follows where id = @Id";

    private const string SetCurrencySql = "update subscriptions.customer set currency = @Currency where id = @CustomerId and currency is null";

    private const string EndSql = "update subscriptions.subscription set active_to = @activeTo, updated_at = @now where id = @Id";

    private const string InsertItemsSql = """
        insert into subscriptions.subscription_item (id, subscription_id)
        select id, @Id
        from unnest(@ids) as i (id)
        on conflict do nothing
        """;
}
