namespace Metering.Invoicing.Invoices;

/// <summary>The seller as it was when the document was issued.</summary>
public sealed record InvoiceSupplier(
    string Name,
    string? TaxId,
    string? Email,
    InvoiceAddress? Address,
    string? Iban,
    string? Bic,
    int PaymentTermsDays,
    string? InvoiceNote);
