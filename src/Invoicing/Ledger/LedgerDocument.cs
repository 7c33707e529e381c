namespace Metering.Invoicing.Ledger;

/// <summary>The document that a transaction tells of.</summary>
public sealed record LedgerDocument(string Type, Guid Id)
{
    public const string InvoiceType = "invoice";

    public static LedgerDocument Invoice(Guid id) => new(InvoiceType, id);
}
