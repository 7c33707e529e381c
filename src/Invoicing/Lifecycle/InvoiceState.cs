namespace Metering.Invoicing.Lifecycle;

/// <summary>Where an invoice stands. OpenMeter's names; those in which an invoice never rests are passed within one transaction.</summary>
public enum InvoiceState
{
    /// <summary>Holds the lines of a customer and currency that are not due yet.</summary>
    Gathering,

    /// <summary>Passed.</summary>
    DraftCreated,

    /// <summary>Late usage is waited for.</summary>
    DraftWaitingForCollection,

    /// <summary>Passed: quantities are taken and rated.</summary>
    DraftCollecting,

    /// <summary>Passed: taxes and totals are computed, and faults are looked for.</summary>
    DraftValidating,

    /// <summary>Something stands in the way of issuing it.</summary>
    DraftInvalid,

    /// <summary>Is issued by itself when the draft period is over.</summary>
    DraftWaitingAutoApproval,

    /// <summary>Is issued when somebody approves it.</summary>
    DraftManualApprovalNeeded,

    /// <summary>Passed.</summary>
    DraftReadyToIssue,

    /// <summary>Passed: the number is given.</summary>
    IssuingSyncing,

    Issued,

    /// <summary>Whoever collects payments has been asked for this one.</summary>
    PaymentProcessingPending,

    PaymentProcessingFailed,

    /// <summary>The payer has to do something, such as confirm.</summary>
    PaymentProcessingActionRequired,

    Overdue,

    Paid,

    /// <summary>Given up; a payment that comes all the same is taken.</summary>
    Uncollectible,

    Voided,

    /// <summary>Was never issued.</summary>
    Deleted,
}
