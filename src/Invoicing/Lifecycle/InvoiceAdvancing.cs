using Metering.Invoicing.Invoices;
using Metering.Invoicing.Profiles;
using Metering.Platform.Clock;
using Metering.Platform.Database;
using Metering.Subscriptions.Customers;
using Microsoft.Extensions.Logging;
using NodaTime;

namespace Metering.Invoicing.Lifecycle;

/// <summary>
/// Moves on what is due by itself, one invoice per transaction: gathered lines are drafted, drafts are collected and issued, and what is not paid
/// in time is overdue. What is due is found by a persisted instant, so an outage moves things late and forgets none.
/// </summary>
public sealed class InvoiceAdvancing(
    MeteringDatabase database, InvoiceEngine engine, GatheringInvoices gatherings, CustomerReader customers, ILogger<InvoiceAdvancing> logger)
    : IDueWork
{
    private static readonly Duration FirstRetryDelay = Duration.FromMinutes(5);
    private const int MaxRetryDoublings = 8;

    /// <summary>Invalid drafts do not count: people mend them, and a run that comes along looks again.</summary>
    public async Task<Instant?> NextDueAsync(CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(cancellationToken);
        return await session.SingleAsync<Instant?>(NextDueSql, null, cancellationToken);
    }

    public async Task RunDueAsync(Instant now, CancellationToken cancellationToken)
    {
        while (await AdvanceNextAsync(now, cancellationToken))
        {
            cancellationToken.ThrowIfCancellationRequested();
        }
    }

    /// <returns>False when nothing is due.</returns>
    private async Task<bool> AdvanceNextAsync(Instant now, CancellationToken cancellationToken)
    {
        DueRow? due;
        await using (var session = await database.OpenAsync(cancellationToken))
        {
            due = await session.FirstOrNoneAsync<DueRow>(FindDueSql, new { now }, cancellationToken);
        }

        if (due is null)
        {
            return false;
        }

        try
        {
            await AdvanceAsync(due, now, cancellationToken);
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            // One invoice that cannot move must not hold up the others: it is kept, visible, and tried again.
            await RememberFailureAsync(due, exception, now, cancellationToken);
        }

        return true;
    }

    private async Task AdvanceAsync(DueRow due, Instant now, CancellationToken cancellationToken)
    {
        await using var session = await database.BeginAsync(cancellationToken);
        await InvoiceStore.LockCustomerAsync(session, due.CustomerId, cancellationToken);

        // Somebody else may have moved it while the lock was waited for.
        if (await InvoiceRow.FindAsync(
            session, "i.id = @Id and i.next_action_at <= @now", new { due.Id, now }, withDeletedLines: false, cancellationToken) is not { } invoice)
        {
            return;
        }

        if (invoice.State == InvoiceState.Gathering)
        {
            await DraftAsync(session, invoice, now, cancellationToken);
        }
        else
        {
            var moved = await engine.MoveAsync(session, invoice, InvoiceAction.Advance, now, staysDraft: false, cancellationToken)
                ?? invoice with { NextActionAt = InvoiceEngine.NextActionOf(invoice, now) is { } next && next > now ? next : null };
            await InvoiceStore.SaveAsync(session, moved, invoice, cancellationToken);
        }

        await session.CommitAsync(cancellationToken);
    }

    private async Task DraftAsync(DbSession session, Invoice gathering, Instant now, CancellationToken cancellationToken)
    {
        var customer = await customers.FindAsync(gathering.Customer.Id, cancellationToken)
            ?? throw new InvalidOperationException($"Invoice {gathering.Id} is one of customer {gathering.Customer.Id}, who does not exist.");
        var profile = await ProfileRow.OfCustomerAsync(session, customer.Id, cancellationToken);
        var current = gathering with { Workflow = profile.Workflow };
        var lines = GatheringInvoices.DueBy(current, now);
        if (!lines.IsEmpty)
        {
            var collectedFrom = lines.Max(line => profile.Workflow.CollectedFrom(line.InvoiceAt));
            var draft = InvoiceComposition.Draft(customer, profile, gathering.Currency, lines, default, collectedFrom, now);
            var moved = (await engine.MoveAsync(session, draft, InvoiceAction.Advance, now, staysDraft: false, cancellationToken))!;
            await InvoiceStore.SaveAsync(session, moved, before: null, cancellationToken);
        }

        await gatherings.LeaveAsync(session, current, lines, now, cancellationToken);
    }

    private async Task RememberFailureAsync(DueRow due, Exception exception, Instant now, CancellationToken cancellationToken)
    {
        var retryAt = now + (FirstRetryDelay * (1 << Math.Min(due.Failures, MaxRetryDoublings)));
        logger.InvoiceStuck(exception, due.Id, retryAt);
        InvoicingMetrics.Failed();
        await using var session = await database.BeginAsync(cancellationToken);
        await session.ExecuteAsync(FailSql, new { due.Id, error = exception.Message, retryAt }, cancellationToken);
        await session.CommitAsync(cancellationToken);
    }

    private const string NextDueSql = """
        select min(next_action_at) from invoicing.invoice where next_action_at is not null and state <> 'draft.invalid'
        """;

    private const string FindDueSql = """
        select id, customer_id as customerId, failures
        from invoicing.invoice
        where next_action_at <= @now
        order by next_action_at, id
        limit 1
        """;

    private const string FailSql = """
        update invoicing.invoice
        set next_action_at = @retryAt, failures = failures + 1, last_error = left(@error, 500)
        where id = @Id
        """;

    private sealed record DueRow(Guid Id, Guid CustomerId, int Failures);
}
