using System.Collections.Immutable;

namespace Metering.Invoicing.Lifecycle;

/// <summary>States by their names outside: OpenMeter's extended statuses, and the status each belongs to.</summary>
public static class InvoiceStates
{
    private static readonly ImmutableArray<(InvoiceState State, string Name)> Names =
    [
        (InvoiceState.Gathering, "gathering"),
        (InvoiceState.DraftCreated, "draft.created"),
        (InvoiceState.DraftWaitingForCollection, "draft.waiting_for_collection"),
        (InvoiceState.DraftCollecting, "draft.collecting"),
        (InvoiceState.DraftValidating, "draft.validating"),
        (InvoiceState.DraftInvalid, "draft.invalid"),
        (InvoiceState.DraftWaitingAutoApproval, "draft.waiting_auto_approval"),
        (InvoiceState.DraftManualApprovalNeeded, "draft.manual_approval_needed"),
        (InvoiceState.DraftReadyToIssue, "draft.ready_to_issue"),
        (InvoiceState.IssuingSyncing, "issuing.syncing"),
        (InvoiceState.Issued, "issued"),
        (InvoiceState.PaymentProcessingPending, "payment_processing.pending"),
        (InvoiceState.PaymentProcessingFailed, "payment_processing.failed"),
        (InvoiceState.PaymentProcessingActionRequired, "payment_processing.action_required"),
        (InvoiceState.Overdue, "overdue"),
        (InvoiceState.Paid, "paid"),
        (InvoiceState.Uncollectible, "uncollectible"),
        (InvoiceState.Voided, "voided"),
        (InvoiceState.Deleted, "deleted"),
    ];

    /// <summary>OpenMeter's simple statuses.</summary>
    public static readonly ImmutableArray<string> Statuses =
        ["gathering", "draft", "issuing", "issued", "payment_processing", "overdue", "paid", "uncollectible", "voided"];

    public static readonly ImmutableArray<string> ExtendedStatuses = [.. Names.Select(one => one.Name)];

    public static string NameOf(this InvoiceState state) => Names.First(one => one.State == state).Name;

    public static InvoiceState Parse(string name) => Names.First(one => one.Name == name).State;

    /// <summary>What was deleted was a draft.</summary>
    public static string StatusOf(this InvoiceState state) =>
        state == InvoiceState.Deleted ? "draft" : state.NameOf().Split('.')[0];

    public static bool IsDraft(this InvoiceState state) =>
        state is >= InvoiceState.DraftCreated and <= InvoiceState.DraftReadyToIssue;

    /// <summary>Whether the document is issued: it has a number and does not change any more.</summary>
    public static bool IsIssued(this InvoiceState state) => state is >= InvoiceState.Issued and <= InvoiceState.Voided;
}
