namespace Metering.Invoicing.Invoices;

/// <summary>The seller as it was when the document was issued.</summary>
public sealed record InvoiceSupplier(
    string Name,
    string? TaxId = null,
    string? Email = null,
    InvoiceAddress? Address = null,
    string? Iban = null,
    string? Bic = null,
    string? InvoiceNote = null,
    string? Key = null);
