namespace Metering.Invoicing.Invoices;

/// <summary>A postal address on a document; every part may be absent.</summary>
public sealed record InvoiceAddress(
    string? Line1 = null,
    string? Line2 = null,
    string? PostalCode = null,
    string? City = null,
    string? State = null,
    string? Country = null);
