using Metering.Invoicing.Invoices;
using NodaTime;

namespace Metering.Invoicing.Lifecycle;

/// <summary>What of an invoice its next state depends on.</summary>
/// <param name="NothingCharged">No line costs anything: nobody is sent a bill for nothing.</param>
public sealed record InvoiceFacts(
    bool CollectionOver = false,
    bool NothingCharged = false,
    bool HasCriticalIssues = false,
    bool AutoAdvances = false,
    bool DraftPeriodOver = false,
    bool RetryDue = false,
    bool NothingToPay = false,
    bool ChargesAutomatically = false,
    bool PastDue = false)
{
    public static InvoiceFacts Of(Invoice invoice, Instant now) => new(
        CollectionOver: invoice.CollectionAt <= now,
        NothingCharged: invoice.Lines.All(line => line.Amount.IsZero),
        HasCriticalIssues: invoice.Issues.Any(issue => issue.IsCritical),
        AutoAdvances: invoice.Workflow.Invoicing.AutoAdvance,
        DraftPeriodOver: invoice.DraftUntil <= now,
        RetryDue: invoice.NextActionAt <= now,
        NothingToPay: invoice.Outstanding <= Rating.Money.Zero(invoice.Currency),
        ChargesAutomatically: invoice.Workflow.ChargesAutomatically,
        PastDue: invoice.DueAt < now && invoice.Outstanding > Rating.Money.Zero(invoice.Currency));

    public bool Holds(InvoiceCondition condition) => condition switch
    {
        InvoiceCondition.Always => true,
        InvoiceCondition.CollectionOver => CollectionOver,
        InvoiceCondition.NothingCharged => NothingCharged,
        InvoiceCondition.HasCriticalIssues => HasCriticalIssues,
        InvoiceCondition.AutoAdvances => AutoAdvances,
        InvoiceCondition.DraftPeriodOver => DraftPeriodOver,
        InvoiceCondition.RetryDue => RetryDue,
        InvoiceCondition.NothingToPay => NothingToPay,
        InvoiceCondition.ChargesAutomatically => ChargesAutomatically,
        InvoiceCondition.PastDue => PastDue,
    };
}
