namespace Metering.Invoicing.Lifecycle;

/// <summary>On what a transition depends; each is a fact of <see cref="InvoiceFacts"/>.</summary>
public enum InvoiceCondition
{
    Always,
    CollectionOver,
    NothingCharged,
    HasCriticalIssues,
    AutoAdvances,
    DraftPeriodOver,
    RetryDue,
    NothingToPay,
    ChargesAutomatically,
    PastDue,
}
