using System.Collections.Immutable;
using Metering.Ingest.Usage;
using Metering.Invoicing.Invoices;
using Metering.Invoicing.Profiles;
using Metering.Platform.Database;
using Metering.Subscriptions.Subscribing;
using NodaTime;

namespace Metering.Invoicing.Lifecycle;

/// <summary>Turns the lines of a subscription's period into a draft, which by most profiles is issued at once.</summary>
public sealed class PeriodDrafting(InvoiceEngine engine, GatheringInvoices gatherings)
{
    /// <param name="waits">Whether late usage is waited for; the lines are then counted and rated again.</param>
    /// <returns>The document; null when the lines wait for a regular day, or nothing is charged.</returns>
    public async Task<Guid?> BillAsync(
        DbSession session, BillableSubscription subscription, BillingProfile profile, ImmutableArray<InvoiceLine> lines, Watermark watermark,
        Instant boundary, bool waits, Instant now, CancellationToken cancellationToken)
    {
        var collectedFrom = profile.Workflow.CollectedFrom(boundary);
        if (collectedFrom > now)
        {
            await gatherings.AddAsync(
                session, subscription.Customer, profile, subscription.Currency,
                [.. lines.Select(line => line with { InvoiceAt = collectedFrom })], now, cancellationToken);
            return null;
        }

        // What was written by hand and is due by now goes along on the same document.
        var gathering = await GatheringInvoices.FindAsync(session, subscription.Customer.Id, subscription.Currency, cancellationToken);
        var pending = gathering is null ? [] : GatheringInvoices.DueBy(gathering, boundary);
        if (lines.IsEmpty && pending.IsEmpty)
        {
            return null;
        }

        var draft = InvoiceComposition.Draft(subscription, profile, [.. lines, .. pending], watermark, collectedFrom, now);
        var settled = waits || !pending.IsEmpty
            ? (await engine.MoveAsync(session, draft, InvoiceAction.Advance, now, staysDraft: false, cancellationToken))!
            : await engine.GoOnAsync(
                session, draft with { State = InvoiceState.DraftCollecting, QuantitySnapshotedAt = now }, now, cancellationToken);

        // Nobody is sent a bill for nothing: a period whose lines all cost nothing makes no document and takes no number.
        var isNothing = settled.State == InvoiceState.Deleted;
        if (isNothing && pending.IsEmpty)
        {
            return null;
        }

        await InvoiceStore.SaveAsync(session, settled, before: null, cancellationToken);
        if (gathering is not null && !pending.IsEmpty)
        {
            await gatherings.LeaveAsync(session, gathering, pending, now, cancellationToken);
        }

        return isNothing ? null : settled.Id;
    }
}
