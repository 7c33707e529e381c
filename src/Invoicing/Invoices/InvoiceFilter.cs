using System.Collections.Immutable;
using NodaTime;

namespace Metering.Invoicing.Invoices;

/// <summary>Which documents to list; what is null does not filter.</summary>
/// <param name="CustomerIds">Default (not empty) for all.</param>
public sealed record InvoiceFilter(
    ImmutableArray<Guid> CustomerIds,
    Instant? IssuedAfter = null,
    Instant? IssuedBefore = null,
    Instant? PeriodStartAfter = null,
    Instant? PeriodStartBefore = null);
