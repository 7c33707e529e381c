using System.Collections.Immutable;
using Metering.Ingest.Usage;
using Metering.Invoicing.Billing;
using Metering.Invoicing.Credits;
using Metering.Invoicing.Invoices;
using Metering.Invoicing.Profiles;
using Metering.Invoicing.Taxes;
using Metering.Platform.Database;
using Metering.Rating;
using Microsoft.Extensions.Logging;
using NodaTime;

namespace Metering.Invoicing.Lifecycle;

/// <summary>Moves invoices along the table of <see cref="InvoiceLifecycle"/> and does what entering each state asks for.</summary>
public sealed class InvoiceEngine(
    LineRating rating, UsageReader usage, ITaxCalculator taxes, SubscriptionTrueUp trueUp, ILogger<InvoiceEngine> logger)
{
    /// <summary>Faults are mended by people when they come to it; a draft that is invalid is looked at again no sooner than this.</summary>
    private static readonly Duration RetryDelay = Duration.FromMinutes(5);

    /// <summary>A document is late when the instant it is due at has passed.</summary>
    private static readonly Duration Microsecond = Duration.FromTicks(10);

    /// <summary>Takes the action and all that then happens by itself, in the caller's transaction. Nothing is stored.</summary>
    /// <param name="staysDraft">Whether it stops before it is issued, so that whoever asked for a draft gets one.</param>
    /// <returns>The invoice where it comes to rest; null when the action is not available.</returns>
    public async Task<Invoice?> MoveAsync(
        DbSession session, Invoice invoice, InvoiceAction action, Instant now, bool staysDraft, CancellationToken cancellationToken)
    {
        if (InvoiceLifecycle.Next(invoice.State, action, InvoiceFacts.Of(invoice, now)) is not { } first)
        {
            return null;
        }

        return await EnterAllAsync(session, invoice, first, now, staysDraft, cancellationToken);
    }

    /// <summary>Goes on from a state that was entered with everything it asks for done.</summary>
    public async Task<Invoice> GoOnAsync(DbSession session, Invoice invoice, Instant now, CancellationToken cancellationToken) =>
        InvoiceLifecycle.Next(invoice.State, InvoiceAction.Advance, InvoiceFacts.Of(invoice, now)) is { } next
            ? await EnterAllAsync(session, invoice, next, now, staysDraft: false, cancellationToken)
            : invoice with { NextActionAt = NextActionOf(invoice, now) };

    /// <summary>What the lines are worth now. Lines that cannot be priced stay, without charges.</summary>
    public async Task<(Invoice Invoice, ImmutableArray<BlockReason> Blocks)> RateAsync(
        DbSession session, Invoice invoice, Instant now, CancellationToken cancellationToken)
    {
        var watermark = await usage.CurrentWatermarkAsync(cancellationToken);
        var lines = ImmutableArray.CreateBuilder<InvoiceLine>();
        var blocks = ImmutableArray.CreateBuilder<BlockReason>();
        foreach (var line in invoice.Lines)
        {
            var continued = await LineCoverage.ContinuedAsync(session, line, cancellationToken);
            var rated = await rating.RateAgainAsync(invoice, continued, watermark, now, cancellationToken);
            lines.AddRange(rated.Lines);
            blocks.AddRange(rated.Blocks);
        }

        return (invoice.WithLines(lines.ToImmutable()) with { Watermark = watermark.Batch }, blocks.ToImmutable());
    }

    /// <summary>What would be on it if it were collected now; for showing, not for storing.</summary>
    public async Task<Invoice> PreviewAsync(DbSession session, Invoice invoice, Instant now, CancellationToken cancellationToken)
    {
        var (rated, blocks) = await RateAsync(session, invoice, now, cancellationToken);
        var paid = await InvoiceCredits.ShowAsync(session, rated with { Issues = [] }, now, cancellationToken);
        return await TaxAsync(paid, blocks, now, cancellationToken);
    }

    /// <summary>Taxes, totals and faults of the lines as they are.</summary>
    public async Task<Invoice> TaxAsync(
        Invoice invoice, ImmutableArray<BlockReason> blocks, Instant now, CancellationToken cancellationToken)
    {
        var workflow = invoice.Workflow;
        var question = new TaxQuestion(
            invoice.Currency,
            [.. invoice.Lines.Select(line => new TaxableLine(
                line.Id, line.Amount - line.Credits, TaxConfig.Merge(line.TaxConfig, workflow.Invoicing.DefaultTaxConfig)))]);
        var result = workflow.Tax.Enabled ? await taxes.CalculateAsync(question, cancellationToken) : TaxResult.None(invoice.Currency);
        return invoice with
        {
            Lines = [.. invoice.Lines.Select(line => line with { Tax = result.Lines.GetValueOrDefault(line.Id) })],
            Tax = result.Exclusive,
            TaxInclusive = result.Inclusive,
            Taxes = result.Sums,
            Issues = DraftChecks.Of(invoice, question, result, blocks, now),
        };
    }

    private async Task<Invoice> EnterAllAsync(
        DbSession session, Invoice invoice, InvoiceState first, Instant now, bool staysDraft, CancellationToken cancellationToken)
    {
        InvoiceState? next = first;
        var wasInvalid = false;
        while (next is { } state)
        {
            invoice = await EnterAsync(session, invoice with { State = state, UpdatedAt = now }, now, cancellationToken);

            // What made it invalid was looked at just now; it is not looked at in circles.
            wasInvalid |= state == InvoiceState.DraftInvalid;
            var stops = wasInvalid || (staysDraft && state == InvoiceState.DraftWaitingAutoApproval);
            next = stops ? null : InvoiceLifecycle.Next(state, InvoiceAction.Advance, InvoiceFacts.Of(invoice, now));
        }

        return invoice with { NextActionAt = NextActionOf(invoice, now) };
    }

    private async Task<Invoice> EnterAsync(DbSession session, Invoice invoice, Instant now, CancellationToken cancellationToken)
    {
        switch (invoice.State)
        {
            case InvoiceState.DraftWaitingForCollection:
                return await PreviewAsync(session, invoice, now, cancellationToken);
            case InvoiceState.DraftCollecting:
                return await CollectAsync(session, invoice, now, cancellationToken);
            case InvoiceState.DraftValidating:
                // What has no price was found when the lines were rated, and stays a fault until they are rated again.
                var draftUntil = invoice.DraftUntil ?? invoice.Workflow.DraftEnd(now);
                var paid = await InvoiceCredits.ShowAsync(session, invoice, now, cancellationToken);
                return (await TaxAsync(paid, [], now, cancellationToken)) with
                {
                    DraftUntil = draftUntil,
                    IssuedAt = draftUntil,
                    DueAt = invoice.Workflow.DueAt(draftUntil),
                };
            case InvoiceState.Issued:
                return await IssueAsync(session, invoice, now, cancellationToken);
            case InvoiceState.Voided:
                await InvoiceCredits.GiveBackAsync(session, invoice, now, cancellationToken);
                return invoice with { VoidedAt = now };
            case InvoiceState.Deleted:
                return invoice with { DeletedAt = now };
            default:
                return invoice;
        }
    }

    private async Task<Invoice> CollectAsync(DbSession session, Invoice invoice, Instant now, CancellationToken cancellationToken)
    {
        var (rated, blocks) = await RateAsync(session, invoice, now, cancellationToken);
        var completed = await trueUp.RenewAsync(session, rated, now, cancellationToken);
        var spoken = blocks.IsEmpty ? LineRating.Shown(completed.Lines) : completed.Lines;
        return rated.WithLines(spoken) with
        {
            QuantitySnapshotedAt = now,
            Issues = [.. blocks.Select(block => DraftChecks.Unpriced(block, now))],
        };
    }

    private async Task<Invoice> IssueAsync(DbSession session, Invoice draft, Instant now, CancellationToken cancellationToken)
    {
        // Between the draft and now another document may have used credit, or more may have come; tax is on what is left to pay.
        var taken = await InvoiceCredits.TakeAsync(session, draft, now, cancellationToken);
        var invoice = HasSameCredits(taken, draft)
            ? draft
            : await TaxAsync(taken, [], now, cancellationToken) with { Issues = draft.Issues };

        // The number comes last: its row stays locked until the commit, and everything slow is done by now.
        var profile = await ProfileRow.FindAsync(session, invoice.BillingProfileId, cancellationToken)
            ?? throw new InvalidOperationException($"Invoice {invoice.Id} belongs to profile {invoice.BillingProfileId}, which does not exist.");
        var number = await InvoiceStore.NextNumberAsync(session, profile.NumberSeries, now, cancellationToken);
        InvoicingMetrics.InvoiceIssued(invoice.Lines.Length);
        logger.InvoiceIssued(invoice.Id, number, invoice.Lines.Length);
        return invoice with { Number = number, IssuedAt = now, DueAt = invoice.Workflow.DueAt(now) };
    }

    private static bool HasSameCredits(Invoice one, Invoice other) =>
        one.Lines.SelectMany(line => line.CreditAllocations).SequenceEqual(other.Lines.SelectMany(line => line.CreditAllocations));

    /// <summary>When it moves on by itself; null when somebody has to do something.</summary>
    internal static Instant? NextActionOf(Invoice invoice, Instant now) => invoice.State switch
    {
        InvoiceState.Gathering => invoice.Lines.Select(line => (Instant?)invoice.Workflow.CollectedFrom(line.InvoiceAt)).Min(),
        InvoiceState.DraftWaitingForCollection => invoice.CollectionAt,
        InvoiceState.DraftWaitingAutoApproval => invoice.DraftUntil,
        InvoiceState.DraftInvalid => now + RetryDelay,
        InvoiceState.Issued or InvoiceState.PaymentProcessingPending or InvoiceState.PaymentProcessingFailed
            or InvoiceState.PaymentProcessingActionRequired when invoice.Outstanding > Money.Zero(invoice.Currency) => invoice.DueAt + Microsecond,
        _ => null,
    };
}
