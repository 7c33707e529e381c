namespace Metering.Invoicing.Ledger;

/// <summary>Where an invariant does not hold.</summary>
/// <param name="Subject">A document, an account, a transaction.</param>
public sealed record LedgerViolation(string Subject, string Expected, string Actual);
