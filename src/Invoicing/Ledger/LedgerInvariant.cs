namespace Metering.Invoicing.Ledger;

/// <summary>Something that holds of the books at every commit.</summary>
/// <param name="Sql">One row for each thing of which it does not hold: subject, expected, actual.</param>
internal sealed record LedgerInvariant(string Name, string Statement, string Sql);
