using Metering.Invoicing.Invoices;
using Metering.Platform.Database;
using NodaTime;

namespace Metering.Invoicing.Billing;

/// <summary>How far one subscription has been billed.</summary>
/// <param name="BilledThrough">The last boundary that was closed; null when none was.</param>
/// <param name="ServicesFrom">Up to here it was billed before an account of services was kept; null when all of it is known.</param>
/// <param name="Failures">How often in a row closing the next one has failed.</param>
internal sealed record BillingCursor(Guid SubscriptionId, Guid CustomerId, Instant? BilledThrough, Instant? ServicesFrom, int Failures)
{
    /// <summary>
    /// Locks one cursor that is due and that nobody else works on, and then its customer, so that a customer's documents
    /// are made one after the other. Null when there is none.
    /// </summary>
    public static async Task<BillingCursor?> TakeDueAsync(DbSession session, Instant now, CancellationToken cancellationToken)
    {
        var cursor = await session.FirstOrNoneAsync<BillingCursor>(TakeSql, new { now }, cancellationToken);
        if (cursor is not null)
        {
            await InvoiceStore.LockCustomerAsync(session, cursor.CustomerId, cancellationToken);
        }

        return cursor;
    }

    public Task PostponeAsync(DbSession session, Instant? nextDueAt, CancellationToken cancellationToken) =>
        session.ExecuteAsync(PostponeSql, new { SubscriptionId, nextDueAt }, cancellationToken);

    /// <summary>
    /// Moves on past a boundary. The primary key of the closed period refuses to close it twice; only a cursor that stands at the boundary settles
    /// it once more.
    /// </summary>
    public async Task CloseAsync(
        DbSession session, Instant boundary, Guid? invoiceId, Instant? nextDueAt, Instant now, CancellationToken cancellationToken)
    {
        await session.ExecuteAsync(CloseSql, new { SubscriptionId, boundary, BilledThrough, now, invoiceId }, cancellationToken);
        await session.ExecuteAsync(MoveSql, new { SubscriptionId, boundary, nextDueAt }, cancellationToken);
    }

    public Task FailAsync(DbSession session, string error, Instant retryAt, CancellationToken cancellationToken) =>
        session.ExecuteAsync(FailSql, new { SubscriptionId, error, retryAt }, cancellationToken);

    public static Task<Instant?> NextDueAsync(DbSession session, CancellationToken cancellationToken) =>
        session.SingleAsync<Instant?>("select min(next_due_at) from invoicing.billing_cursor", null, cancellationToken);

    private const string TakeSql = """
        select subscription_id as subscriptionId, customer_id as customerId, billed_through as billedThrough, services_from as servicesFrom,
               failures
        from invoicing.billing_cursor
        where next_due_at <= @now
        order by next_due_at, subscription_id
        limit 1
        for update skip locked
        """;

    private const string PostponeSql = "update invoicing.billing_cursor set next_due_at = @nextDueAt where subscription_id = @SubscriptionId";

    private const string CloseSql = """
        insert into invoicing.closed_period (subscription_id, boundary, round, closed_at, invoice_id)
        select @SubscriptionId, @boundary, case when @boundary = @BilledThrough then count(*) else 0 end, @now, @invoiceId
        from invoicing.closed_period
        where subscription_id = @SubscriptionId and boundary = @boundary
        """;

    private const string MoveSql = """
        update invoicing.billing_cursor
        set billed_through = @boundary, next_due_at = @nextDueAt, failures = 0, last_error = null
        where subscription_id = @SubscriptionId
        """;

    private const string FailSql = """
        update invoicing.billing_cursor
        set next_due_at = @retryAt, failures = failures + 1, last_error = left(@error, 500)
        where subscription_id = @SubscriptionId
        """;
}
