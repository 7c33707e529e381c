using System.Collections.Immutable;
using Metering.Ingest.Usage;
using Metering.Invoicing.Invoices;
using Metering.Platform.Database;
using Metering.Rating;
using Metering.Subscriptions.Subscribing;
using NodaTime;

namespace Metering.Invoicing.Billing;

/// <summary>A period that has ended and cannot be billed, because some usage in it has no price.</summary>
/// <param name="Plan">The version of the plan that the subscription follows.</param>
/// <param name="Since">When a billing run found it first.</param>
/// <param name="TriedAt">When a billing run found it last.</param>
/// <param name="ReasonCount">How many reasons there are; the first <see cref="MaxReasons"/> are kept.</param>
public sealed record BlockedPeriod(
    Guid SubscriptionId,
    Guid CustomerId,
    InvoicePlan Plan,
    ServicePeriod Period,
    Instant Since,
    Instant TriedAt,
    int ReasonCount,
    ImmutableArray<BlockReason> Reasons)
{
    public const int MaxReasons = 1_000;

    /// <summary>Prices and corrections come when people make them; a run looks again no sooner than this.</summary>
    private static readonly Duration RetryDelay = Duration.FromMinutes(5);

    /// <summary>Completed by a where clause on <c>b</c>.</summary>
    internal const string SelectSql = """
        select b.subscription_id as subscriptionId, b.customer_id as customerId, b.plan::text as plan, b.period_from as periodFrom,
               b.boundary, b.blocked_since as blockedSince, b.tried_at as triedAt, b.reason_count as reasonCount, b.reasons::text as reasons
        from invoicing.blocked_period b
        """;

    internal static async Task<BlockedPeriod?> FindAsync(DbSession session, Guid subscriptionId, CancellationToken cancellationToken) =>
        (await session.FirstOrNoneAsync<Row>(SelectSql + " where b.subscription_id = @subscriptionId", new { subscriptionId }, cancellationToken))
        ?.ToPeriod();

    /// <summary>Takes the row away, in the transaction that tries to close the period.</summary>
    /// <returns>Since when which boundary was blocked; null when none was.</returns>
    internal static Task<Blocking?> TakeAsync(DbSession session, Guid subscriptionId, CancellationToken cancellationToken) =>
        session.FirstOrNoneAsync<Blocking>(TakeSql, new { subscriptionId }, cancellationToken);

    internal static Task PutAsync(
        DbSession session, BillableSubscription subscription, Instant from, Instant boundary, ImmutableArray<BlockReason> reasons,
        Watermark watermark, Instant since, Instant now, CancellationToken cancellationToken)
    {
        var plan = new InvoicePlan(subscription.Plan.Id, subscription.Plan.Key, subscription.Plan.Name, subscription.Plan.Version);
        var parameters = new
        {
            subscriptionId = subscription.Id, customerId = subscription.Customer.Id, plan = StoredJson.Write(plan), from, boundary, since, now,
            retryAt = now + RetryDelay, watermark = watermark.Batch, count = reasons.Length,
            reasons = StoredJson.Write(reasons.Take(MaxReasons).ToImmutableArray()),
        };
        return session.ExecuteAsync(PutSql, parameters, cancellationToken);
    }

    /// <summary>Makes due again what was not looked at for a while.</summary>
    internal static Task RearmAsync(DbSession session, Instant now, CancellationToken cancellationToken) =>
        session.ExecuteAsync(RearmSql, new { now }, cancellationToken);

    private const string TakeSql = """
        delete from invoicing.blocked_period where subscription_id = @subscriptionId returning boundary, blocked_since as since
        """;

    private const string PutSql = """
        insert into invoicing.blocked_period
            (subscription_id, customer_id, plan, period_from, boundary, blocked_since, tried_at, retry_at, watermark, reason_count, reasons)
        values
            (@subscriptionId, @customerId, @plan::jsonb, @from, @boundary, @since, @now, @retryAt, @watermark, @count, @reasons::jsonb)
        """;

    private const string RearmSql = """
        update invoicing.billing_cursor
        set next_due_at = @now
        where subscription_id in (
            select c.subscription_id
            from invoicing.blocked_period b
            join invoicing.billing_cursor c on c.subscription_id = b.subscription_id
            where b.retry_at <= @now
              and (c.next_due_at is null or c.next_due_at > @now)
            for update of c skip locked
        )
        """;

    internal sealed record Blocking(Instant Boundary, Instant Since);

    internal sealed record Row(
        Guid SubscriptionId, Guid CustomerId, string Plan, Instant PeriodFrom, Instant Boundary, Instant BlockedSince, Instant TriedAt,
        int ReasonCount, string Reasons)
    {
        public BlockedPeriod ToPeriod() => new(
            SubscriptionId, CustomerId, StoredJson.Read<InvoicePlan>(Plan), new ServicePeriod(PeriodFrom, Boundary), BlockedSince, TriedAt,
            ReasonCount, StoredJson.Read<ImmutableArray<BlockReason>>(Reasons));
    }
}
