namespace Metering.Invoicing.Lifecycle;

/// <summary>What moves an invoice from state to state.</summary>
public enum InvoiceAction
{
    /// <summary>What happens by itself when it is time.</summary>
    Advance,
    Approve,
    Retry,
    SnapshotQuantities,
    Delete,
    Void,
    Edit,
    RecalculateTaxes,

    /// <summary>Lines that are due leave a gathering invoice for a draft.</summary>
    Invoice,

    /// <summary>Money came in, perhaps not all.</summary>
    Pay,
    PaymentFailed,
    PaymentNeedsAction,
    MarkOverdue,
    WriteOff,
}
