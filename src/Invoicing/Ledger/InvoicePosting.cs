using System.Collections.Immutable;
using Metering.Invoicing.Credits;
using Metering.Invoicing.Invoices;
using Metering.Rating;
using NodaTime;

namespace Metering.Invoicing.Ledger;

/// <summary>What the documents of a customer mean in money. Pure.</summary>
internal static class InvoicePosting
{
    public const string IssuedKind = "invoice.issued";
    public const string VoidedKind = "invoice.voided";
    public const string WrittenOffKind = "invoice.written_off";
    public const string PaymentKind = "payment.received";
    public const string RatedKind = "usage.rated";
    public const string RecognisedKind = "revenue.recognised";

    public static string IssuedKey(Guid invoiceId) => $"{IssuedKind}:{invoiceId}";

    public static string WrittenOffKey(Guid invoiceId) => $"{WrittenOffKind}:{invoiceId}";

    public static string VoidedKey(Guid invoiceId) => $"{VoidedKind}:{IssuedKey(invoiceId)}";

    public static string PaymentKey(Guid paymentId) => $"{PaymentKind}:{paymentId}";

    public static LedgerAccount Account(this Invoice invoice, AccountKind kind) =>
        new(kind, invoice.Currency, invoice.BillingProfileId, invoice.Customer.Id);

    /// <summary>What a line earns: its amount without the tax that it holds.</summary>
    public static Money NetOf(InvoiceLine line) => line.Amount - line.TaxInclusive;

    /// <summary>
    /// What a line is booked to when it is billed: usage was earned when it was rated, and clears what stands for it; a fee for time that is not over
    /// is earned later.
    /// </summary>
    public static AccountKind BilledTo(InvoiceLine line, Instant issuedAt) =>
        CreditPurchase.IsLine(line) ? AccountKind.CreditPurchases
        : line.Metered is not null ? AccountKind.UsageRatedUnbilled
        : line.Period.End > issuedAt ? AccountKind.DeferredRevenue
        : AccountKind.Revenue;

    /// <summary>
    /// All lines and taxes on one side, what the customer owes for them on the other. What prepaid credit pays of that is posted by who pays it.
    /// </summary>
    /// <returns>Null for a document on which nothing costs anything.</returns>
    public static LedgerTransaction? Issued(Invoice invoice)
    {
        ImmutableArray<LedgerEntry> earned =
        [
            .. invoice.Lines.Select(line => Account(invoice, line).Credit(NetOf(line), line.Id)),
            .. invoice.Taxes.Select(tax => invoice.Account(AccountKind.TaxPayable).Credit(new Money(tax.Tax, invoice.Currency))),
        ];
        var owed = -earned.Sum(entry => entry.Amount);
        var entries = earned.Insert(0, invoice.Account(AccountKind.Receivable).Debit(new Money(owed, invoice.Currency), invoice.Id));
        return Of(invoice, IssuedKey(invoice.Id), IssuedKind, invoice.IssuedAt, entries);
    }

    /// <summary>Credit is owed by no seller in particular; see <see cref="CreditPosting"/>.</summary>
    private static LedgerAccount Account(Invoice invoice, InvoiceLine line) => BilledTo(line, invoice.IssuedAt) is var kind
        && kind == AccountKind.CreditPurchases ? invoice.Account(kind) with { BillingProfileId = null } : invoice.Account(kind);

    /// <summary>What will not be paid any more is a cost.</summary>
    public static LedgerTransaction? WrittenOff(Invoice invoice, Instant at) => Of(
        invoice, WrittenOffKey(invoice.Id), WrittenOffKind, at,
        [
            invoice.Account(AccountKind.BadDebt).Debit(invoice.Outstanding, invoice.Id),
            invoice.Account(AccountKind.Receivable).Credit(invoice.Outstanding, invoice.Id),
        ]);

    /// <summary>Money that came in pays what is owed; what was given up before is no loss then.</summary>
    /// <param name="wasGivenUp">Whether the invoice was uncollectible when it came.</param>
    public static LedgerTransaction? Payment(Invoice invoice, Guid paymentId, Money amount, Instant paidAt, bool wasGivenUp) => Of(
        invoice, PaymentKey(paymentId), PaymentKind, paidAt,
        [
            invoice.Account(AccountKind.CashClearing).Debit(amount, paymentId),
            invoice.Account(wasGivenUp ? AccountKind.BadDebt : AccountKind.Receivable).Credit(amount, paymentId),
        ]);

    /// <summary>What fees are earned later, by line.</summary>
    public static IEnumerable<InvoiceLine> Deferred(Invoice invoice) => invoice.Lines.Where(
        line => BilledTo(line, invoice.IssuedAt) == AccountKind.DeferredRevenue && !NetOf(line).IsZero);

    /// <returns>Null when no entry says anything.</returns>
    public static LedgerTransaction? Of(Invoice invoice, string key, string kind, Instant at, ImmutableArray<LedgerEntry> entries)
    {
        var saying = entries.RemoveAll(entry => entry.Amount == 0m);
        return saying.IsEmpty
            ? null
            : new LedgerTransaction(key, kind, LedgerDocument.Invoice(invoice.Id), invoice.Customer.Id, at, saying);
    }
}
