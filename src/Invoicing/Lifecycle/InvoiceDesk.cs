using Metering.Invoicing.Invoices;
using Metering.Platform.Auditing;
using Metering.Platform.Database;
using Metering.Platform.Http;
using Metering.Platform.Identifiers;
using Metering.Platform.Problems;
using Microsoft.AspNetCore.Http;
using NodaTime;

namespace Metering.Invoicing.Lifecycle;

/// <summary>The one way an invoice is changed through the API: found, locked, checked against the table, moved, stored, recorded, answered.</summary>
internal sealed class InvoiceDesk(MeteringDatabase database, InvoiceEngine engine, GatheringInvoices gatherings, IClock clock)
{
    /// <param name="prepare">What the action brings along, before the invoice moves; a refusal ends it.</param>
    /// <param name="afterwards">What else follows from it, in the same transaction.</param>
    public async Task<IResult> ActAsync(
        string invoiceId, InvoiceAction action, string auditAction, IfMatch ifMatch, CancellationToken cancellationToken, Preparation? prepare = null,
        Consequence? afterwards = null, Func<Invoice, IResult>? answer = null)
    {
        var now = clock.GetCurrentInstant();
        await using var session = await database.BeginAsync(cancellationToken);
        if (await FindLockedAsync(session, invoiceId, cancellationToken) is not { } before)
        {
            return Problem.NotFound("invoice", invoiceId);
        }

        if (ifMatch.Refuse(InvoiceView.TagOf(before)) is { } stale)
        {
            return stale;
        }

        if (InvoiceLifecycle.Next(before.State, action, InvoiceFacts.Of(before, now)) is null)
        {
            return Problem.Of(
                ProblemType.ActionNotAvailable, $"The invoice is {before.State.NameOf()}; {InvoiceStatusView.AvailableIn(before, now)}.");
        }

        var (prepared, refusal) = prepare is null ? (before, null) : await prepare(session, before, now);
        if (refusal is not null)
        {
            return refusal;
        }

        var after = await SettleAsync(session, prepared!, action, now, cancellationToken);
        if (afterwards is not null)
        {
            await afterwards(session, after, now);
        }

        var entry = new AuditEntry(
            auditAction, PublicId.Format(after.Id), now, InvoiceView.Of(before, withLines: true, now), InvoiceView.Of(after, withLines: true, now));
        await AuditTrail.RecordAsync(session, entry, cancellationToken);
        var result = answer?.Invoke(after) ?? Results.Ok(InvoiceView.Of(after, withLines: true, now)).WithTag(InvoiceView.TagOf(after));
        return await session.CommitAsync(result, cancellationToken);
    }

    private async Task<Invoice> SettleAsync(
        DbSession session, Invoice prepared, InvoiceAction action, Instant now, CancellationToken cancellationToken)
    {
        if (prepared.State == InvoiceState.Gathering && action == InvoiceAction.Edit)
        {
            return await gatherings.SaveAsync(session, prepared, now, cancellationToken);
        }

        var after = (await engine.MoveAsync(session, prepared, action, now, staysDraft: false, cancellationToken))!;
        await InvoiceStore.SaveAsync(session, after, prepared, cancellationToken);
        return after;
    }

    /// <summary>The customer's lock comes before the row, so that nobody waits for somebody who waits.</summary>
    private static async Task<Invoice?> FindLockedAsync(DbSession session, string invoiceId, CancellationToken cancellationToken)
    {
        if (await InvoiceReader.FindAsync(session, invoiceId, withDeletedLines: false, cancellationToken) is not { } found)
        {
            return null;
        }

        await InvoiceStore.LockCustomerAsync(session, found.Customer.Id, cancellationToken);
        return await InvoiceReader.FindAsync(session, PublicId.Format(found.Id), withDeletedLines: false, cancellationToken);
    }

    public delegate Task<(Invoice? Prepared, IResult? Refusal)> Preparation(DbSession session, Invoice invoice, Instant now);

    public delegate Task Consequence(DbSession session, Invoice invoice, Instant now);
}
