using System.Collections.Immutable;
using Metering.Rating;
using NodaTime;

namespace Metering.Invoicing.Invoices;

/// <summary>An issued document. It never changes; what was known when it was issued is copied onto it.</summary>
/// <param name="Number">Gapless within the legal entity and year: <c>INV-2026-000001</c>.</param>
/// <param name="Period">From the start of the earliest line to the end of the latest.</param>
/// <param name="Watermark">Everything recorded by then has been counted.</param>
public sealed record Invoice(
    Guid Id,
    string Number,
    Guid LegalEntityId,
    Guid SubscriptionId,
    Instant IssuedAt,
    Instant DueAt,
    ServicePeriod Period,
    InvoiceSupplier Supplier,
    InvoiceCustomer Customer,
    InvoicePlan Plan,
    long Watermark,
    Money Subtotal,
    Money Tax,
    ImmutableArray<InvoiceLine> Lines)
{
    public Money Total => Subtotal + Tax;

    public Currency Currency => Subtotal.Currency;
}

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

/// <summary>The buyer as it was when the document was issued.</summary>
/// <param name="Zone">The time zone in which the periods are shown.</param>
public sealed record InvoiceCustomer(
    Guid Id, string? Key, string Name, string? Email, InvoiceAddress? Address, ImmutableArray<string> SubjectKeys, string Zone);

/// <summary>Which version of which plan priced the lines.</summary>
public sealed record InvoicePlan(Guid Id, string Key, string Name, int Version);

/// <summary>A postal address on a document; every part may be absent.</summary>
public sealed record InvoiceAddress(
    string? Line1 = null,
    string? Line2 = null,
    string? PostalCode = null,
    string? City = null,
    string? State = null,
    string? Country = null);
