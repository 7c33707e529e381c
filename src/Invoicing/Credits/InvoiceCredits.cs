using System.Collections.Immutable;
using Metering.Invoicing.Invoices;
using Metering.Platform.Database;
using Metering.Platform.Identifiers;
using Metering.Rating;
using Metering.Subscriptions.Credits;
using NodaTime;

namespace Metering.Invoicing.Credits;

/// <summary>Pays documents with credit: shown on drafts as it stands, taken when the document is issued, given back when it is voided.</summary>
internal static class InvoiceCredits
{
    /// <summary>With what credit would pay now. Nothing is taken, and two drafts may show the same credit.</summary>
    public static async Task<Invoice> ShowAsync(DbSession session, Invoice invoice, Instant now, CancellationToken cancellationToken)
    {
        var lines = LinesOf(invoice);
        if (lines.IsEmpty)
        {
            return invoice.WithCredits([]);
        }

        var book = await CreditStore.LoadAsync(session, invoice.Customer.Id, invoice.Currency, cancellationToken);
        book.SettleUntil(now);
        return invoice.WithCredits(book.Preview(lines, now));
    }

    /// <summary>Takes it. The customer's lock is held.</summary>
    public static async Task<Invoice> TakeAsync(DbSession session, Invoice invoice, Instant now, CancellationToken cancellationToken)
    {
        await EachPeriodAsync(session, invoice, CreditAccounts.BilledAsync, cancellationToken);
        var lines = LinesOf(invoice);
        if (lines.IsEmpty)
        {
            return invoice.WithCredits([]);
        }

        var book = await CreditStore.LoadAsync(session, invoice.Customer.Id, invoice.Currency, cancellationToken);
        var uses = book.Consume(invoice.Id, lines, now);
        await CreditStore.SaveAsync(session, invoice.Customer.Id, book, now, cancellationToken, invoice.BillingProfileId);
        return invoice.WithCredits(uses);
    }

    public static async Task GiveBackAsync(DbSession session, Invoice invoice, Instant now, CancellationToken cancellationToken)
    {
        await EachPeriodAsync(session, invoice, CreditAccounts.UnbilledAsync, cancellationToken);
        var taken = await CreditStore.OfInvoiceAsync(session, invoice.Id, invoice.Currency, cancellationToken);
        if (taken.IsEmpty)
        {
            return;
        }

        Guid[] grants = [.. taken.Select(movement => movement.GrantId).Distinct()];
        var book = await CreditStore.LoadAsync(session, invoice.Customer.Id, invoice.Currency, cancellationToken, grants);
        book.GiveBack(taken, now);
        await CreditStore.SaveAsync(session, invoice.Customer.Id, book, now, cancellationToken, invoice.BillingProfileId);
    }

    /// <summary>
    /// What sidecars spent was set aside until now. A period that is billed in parts stays set aside until its last part: rather too much than
    /// too little.
    /// </summary>
    private static async Task EachPeriodAsync(DbSession session, Invoice invoice, Setting set, CancellationToken cancellationToken)
    {
        var periods = invoice.Lines
            .Where(line => line is { DeletedAt: null, MeterSlug: not null, FeatureKey: not null } && line.Period.End >= line.RatedPeriod.Served.End)
            .Select(line => (Feature: line.FeatureKey!, line.RatedPeriod.Full))
            .Distinct()
            .OrderBy(one => one.Full.Start).ThenBy(one => one.Feature, StringComparer.Ordinal);
        foreach (var (feature, full) in periods)
        {
            await set(session, invoice.Customer.Id, invoice.Currency, feature, full, cancellationToken);
        }
    }

    private delegate Task Setting(
        DbSession session, Guid customerId, Currency currency, string featureKey, ServicePeriod period, CancellationToken cancellationToken);

    /// <summary>Credit is not bought with credit.</summary>
    private static ImmutableArray<CreditableLine> LinesOf(Invoice invoice) =>
    [
        .. invoice.Lines.Where(line => line.DeletedAt is null && !CreditPurchase.IsLine(line) && !line.Amount.IsZero)
            .Select(line => new CreditableLine(line.Id, line.FeatureKey, line.Amount)),
    ];

    private static Invoice WithCredits(this Invoice invoice, ImmutableArray<CreditUseOfLine> uses)
    {
        var ofLines = uses.ToLookup(
            use => use.LineId, use => new CreditAllocation(use.Amount.Amount, use.Grant.Name, PublicId.Format(use.Grant.Id)));
        return invoice with
        {
            Lines = [.. invoice.Lines.Select(line => line with { CreditAllocations = [.. ofLines[line.Id]] })],
            Credits = uses.Aggregate(Money.Zero(invoice.Currency), (sum, use) => sum + use.Amount),
        };
    }
}
