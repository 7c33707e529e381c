namespace Metering.Invoicing.Ledger;

/// <summary>One side of a transaction.</summary>
/// <param name="Amount">A debit is above zero, a credit below.</param>
/// <param name="SourceId">What the entry is about: a line, a grant, a payment.</param>
public sealed record LedgerEntry(LedgerAccount Account, decimal Amount, Guid? SourceId)
{
    public LedgerEntry Reversed() => this with { Amount = -Amount };
}
