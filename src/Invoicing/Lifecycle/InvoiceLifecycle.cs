using System.Collections.Immutable;
using static Metering.Invoicing.Lifecycle.InvoiceAction;
using static Metering.Invoicing.Lifecycle.InvoiceCondition;
using static Metering.Invoicing.Lifecycle.InvoiceState;

namespace Metering.Invoicing.Lifecycle;

/// <summary>The one table of how invoices go from state to state. Pure. What is not in it is refused.</summary>
/// <remarks>
/// <code>
/// gathering ─► draft: created ─► waiting for collection ─► collecting ─► validating ─┬─► waiting auto approval ──┐
///                                                             ▲            │         └─► manual approval needed ─┤
///                                                             └── invalid ◄┘                                     ▼
///                   paid, overdue, uncollectible, voided ◄── payment processing ◄── issued ◄── issuing ◄── ready to issue
/// </code>
/// </remarks>
public static class InvoiceLifecycle
{
    /// <summary>Of the rules of one state and action the first whose condition holds.</summary>
    private static readonly ImmutableArray<Rule> Rules =
    [
        new(Gathering, Invoice, Always, DraftCreated),
        new(Gathering, Edit, Always, Gathering),
        new(Gathering, Delete, Always, Deleted),

        new(DraftCreated, Advance, CollectionOver, DraftCollecting),
        new(DraftCreated, Advance, Always, DraftWaitingForCollection),

        new(DraftWaitingForCollection, Advance, CollectionOver, DraftCollecting),
        new(DraftWaitingForCollection, SnapshotQuantities, Always, DraftCollecting),
        new(DraftWaitingForCollection, Edit, Always, DraftWaitingForCollection),
        new(DraftWaitingForCollection, RecalculateTaxes, Always, DraftWaitingForCollection),
        new(DraftWaitingForCollection, Delete, Always, Deleted),

        new(DraftCollecting, Advance, NothingCharged, Deleted),
        new(DraftCollecting, Advance, Always, DraftValidating),

        new(DraftValidating, Advance, HasCriticalIssues, DraftInvalid),
        new(DraftValidating, Advance, AutoAdvances, DraftWaitingAutoApproval),
        new(DraftValidating, Advance, Always, DraftManualApprovalNeeded),

        new(DraftInvalid, Advance, RetryDue, DraftCollecting),
        new(DraftInvalid, Retry, Always, DraftCollecting),
        new(DraftInvalid, SnapshotQuantities, Always, DraftCollecting),
        new(DraftInvalid, Edit, Always, DraftValidating),
        new(DraftInvalid, RecalculateTaxes, Always, DraftValidating),
        new(DraftInvalid, Delete, Always, Deleted),

        new(DraftWaitingAutoApproval, Advance, DraftPeriodOver, DraftReadyToIssue),
        new(DraftWaitingAutoApproval, Approve, Always, DraftReadyToIssue),
        new(DraftWaitingAutoApproval, SnapshotQuantities, Always, DraftCollecting),
        new(DraftWaitingAutoApproval, Edit, Always, DraftValidating),
        new(DraftWaitingAutoApproval, RecalculateTaxes, Always, DraftValidating),
        new(DraftWaitingAutoApproval, Delete, Always, Deleted),

        new(DraftManualApprovalNeeded, Approve, Always, DraftReadyToIssue),
        new(DraftManualApprovalNeeded, SnapshotQuantities, Always, DraftCollecting),
        new(DraftManualApprovalNeeded, Edit, Always, DraftValidating),
        new(DraftManualApprovalNeeded, RecalculateTaxes, Always, DraftValidating),
        new(DraftManualApprovalNeeded, Delete, Always, Deleted),

        new(DraftReadyToIssue, Advance, Always, IssuingSyncing),
        new(IssuingSyncing, Advance, Always, Issued),

        new(Issued, Advance, NothingToPay, Paid),
        new(Issued, Advance, ChargesAutomatically, PaymentProcessingPending),
        new(Issued, Advance, PastDue, Overdue),
        .. Owed(Issued),

        new(PaymentProcessingPending, Advance, PastDue, Overdue),
        .. Owed(PaymentProcessingPending),

        new(PaymentProcessingFailed, Advance, PastDue, Overdue),
        new(PaymentProcessingFailed, Retry, Always, PaymentProcessingPending),
        .. Owed(PaymentProcessingFailed),

        new(PaymentProcessingActionRequired, Advance, PastDue, Overdue),
        new(PaymentProcessingActionRequired, Retry, Always, PaymentProcessingPending),
        .. Owed(PaymentProcessingActionRequired),

        .. Owed(Overdue),

        new(Uncollectible, Pay, NothingToPay, Paid),
        new(Uncollectible, Pay, Always, Uncollectible),
        new(Uncollectible, InvoiceAction.Void, Always, Voided),
    ];

    /// <summary>The state that an action leads to at once; null when the action is not available.</summary>
    public static InvoiceState? Next(InvoiceState state, InvoiceAction action, InvoiceFacts facts) =>
        Rules.FirstOrDefault(rule => rule.From == state && rule.Action == action && facts.Holds(rule.Condition))?.To;

    /// <summary>The state in which an invoice comes to rest after an action, if nothing else changes; null when it is not available.</summary>
    public static InvoiceState? RestAfter(InvoiceState state, InvoiceAction action, InvoiceFacts facts)
    {
        var reached = Next(state, action, facts);
        while (reached is { } passed && Next(passed, Advance, facts) is { } further && further != passed)
        {
            // What invalidated it is looked at again, once.
            reached = further;
            if (further == DraftInvalid)
            {
                break;
            }
        }

        return reached;
    }

    /// <summary>What anybody can do to a document that is not paid.</summary>
    private static ImmutableArray<Rule> Owed(InvoiceState state) =>
    [
        new(state, Pay, NothingToPay, Paid),
        new(state, Pay, Always, state),
        new(state, PaymentFailed, Always, state == Overdue ? Overdue : PaymentProcessingFailed),
        new(state, PaymentNeedsAction, Always, state == Overdue ? Overdue : PaymentProcessingActionRequired),
        new(state, MarkOverdue, Always, Overdue),
        new(state, WriteOff, Always, Uncollectible),
        new(state, InvoiceAction.Void, Always, Voided),
    ];

    private sealed record Rule(InvoiceState From, InvoiceAction Action, InvoiceCondition Condition, InvoiceState To);
}
