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
