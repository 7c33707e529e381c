using System.Collections.Immutable;
using Metering.Invoicing.Lifecycle;
using NodaTime;

namespace Metering.Invoicing.Invoices;

/// <summary>Which documents to list; what is null does not filter.</summary>
/// <param name="CustomerIds">Default (not empty) for all.</param>
public sealed record InvoiceFilter(
    ImmutableArray<Guid> CustomerIds,
    Instant? IssuedAfter = null,
    Instant? IssuedBefore = null,
    Instant? PeriodStartAfter = null,
    Instant? PeriodStartBefore = null)
{
    public Instant? CreatedAfter { get; init; }

    public Instant? CreatedBefore { get; init; }

    /// <summary>Issued documents, as everybody but an operator sees them.</summary>
    public ImmutableArray<InvoiceState> States { get; init; } = [.. Enum.GetValues<InvoiceState>().Where(state => state.IsIssued())];

    /// <summary>Null: the newest first.</summary>
    internal string? OrderSql { get; init; }
}
