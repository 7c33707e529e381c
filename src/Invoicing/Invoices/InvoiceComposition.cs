using System.Collections.Immutable;
using Metering.Ingest.Usage;
using Metering.Invoicing.Lifecycle;
using Metering.Invoicing.Profiles;
using Metering.Platform.Identifiers;
using Metering.Rating;
using Metering.Subscriptions.Customers;
using Metering.Subscriptions.Subscribing;
using NodaTime;

namespace Metering.Invoicing.Invoices;

/// <summary>Makes lines a draft. Pure.</summary>
internal static class InvoiceComposition
{
    /// <param name="collectedFrom">When the lines fell due.</param>
    public static Invoice Draft(
        CustomerAccount customer, BillingProfile profile, Currency currency, ImmutableArray<InvoiceLine> lines, Watermark watermark,
        Instant collectedFrom, Instant now)
    {
        var id = PublicId.New(now);
        var collectionAt = lines.Any(line => line.Metered is not null) ? profile.Workflow.CollectionEnd(collectedFrom) : collectedFrom;
        var issuedAt = profile.Workflow.DraftEnd(Instant.Max(collectionAt, now));
        var subscriptions = lines.Select(line => line.SubscriptionId).Where(one => one is not null).Distinct().ToArray();
        var draft = new Invoice(
            id, $"DRAFT-{PublicId.Format(id)}", InvoiceState.DraftCreated, profile.Id, subscriptions.Length == 1 ? subscriptions[0] : null, issuedAt,
            profile.Workflow.DueAt(issuedAt), PeriodOf(lines), profile.Supplier, InvoiceCustomer.Of(customer),
            subscriptions.Length == 1 ? lines.First(line => line.SubscriptionId is not null).Plan : null, watermark.Batch, Money.Zero(currency),
            Money.Zero(currency), [])
        {
            Workflow = profile.Workflow,
            CollectionAt = collectionAt,
            CreatedAt = now,
            UpdatedAt = now,
        };
        return draft.WithLines(lines);
    }

    /// <summary>A draft of a subscription's period.</summary>
    public static Invoice Draft(
        BillableSubscription subscription, BillingProfile profile, ImmutableArray<InvoiceLine> lines, Watermark watermark, Instant collectedFrom,
        Instant now) => Draft(subscription.Customer, profile, subscription.Currency, lines, watermark, collectedFrom, now);

    /// <summary>What waits for its time, of one customer in one currency.</summary>
    public static Invoice Gathering(
        CustomerAccount customer, BillingProfile profile, Currency currency, ImmutableArray<InvoiceLine> lines, Instant now)
    {
        var draft = Draft(customer, profile, currency, lines, new Watermark(0), now, now);
        return draft with { State = InvoiceState.Gathering, Number = $"GATHER-{PublicId.Format(draft.Id)}", CollectionAt = null };
    }

    /// <summary>The document with other lines: numbered anew, summed, without the taxes and credits of the old ones.</summary>
    public static Invoice WithLines(this Invoice invoice, ImmutableArray<InvoiceLine> lines) => invoice with
    {
        Lines = [.. lines.Select((line, i) => line with { Position = i + 1, Tax = null, CreditAllocations = [] })],
        Subtotal = lines.Aggregate(Money.Zero(invoice.Currency), (sum, line) => sum + line.Amount),
        Credits = Money.Zero(invoice.Currency),
        Tax = Money.Zero(invoice.Currency),
        TaxInclusive = Money.Zero(invoice.Currency),
        Taxes = [],
        Period = lines.IsEmpty ? invoice.Period : PeriodOf(lines),
    };

    private static ServicePeriod PeriodOf(ImmutableArray<InvoiceLine> lines) =>
        new(lines.Min(line => line.Period.Start), lines.Max(line => line.Period.End));
}
