using System.Collections.Immutable;

namespace Metering.Invoicing.Invoices;

/// <summary>The buyer as it was when the document was issued.</summary>
/// <param name="Zone">The time zone in which the periods are shown.</param>
public sealed record InvoiceCustomer(
    Guid Id, string? Key, string Name, string? Email, InvoiceAddress? Address, ImmutableArray<string> SubjectKeys, string Zone);
