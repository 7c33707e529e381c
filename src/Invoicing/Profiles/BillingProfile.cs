using System.Collections.Immutable;
using Metering.Invoicing.Invoices;
using NodaTime;

namespace Metering.Invoicing.Profiles;

/// <summary>Who sells and how: the seller on documents from now on, and the workflow of new invoices. Issued documents keep what they say.</summary>
/// <param name="NumberSeries">Documents are numbered <c>SERIES-YEAR-000001</c>, without gaps; sellers do not share a series.</param>
public sealed record BillingProfile(
    Guid Id,
    string Name,
    string? Description,
    ImmutableSortedDictionary<string, string> Metadata,
    bool IsDefault,
    InvoiceSupplier Supplier,
    BillingWorkflow Workflow,
    string NumberSeries,
    Instant CreatedAt,
    Instant UpdatedAt,
    Instant? ArchivedAt);
