using Metering.Invoicing.Invoices;
using NodaTime;

namespace Metering.Invoicing.Suppliers;

/// <summary>The legal entity that sells: what documents say about it, and how long it waits.</summary>
/// <param name="CollectionPeriod">How long after the end of a period late usage is still waited for before the period is billed.</param>
public sealed record SupplierProfile(Guid Id, InvoiceSupplier Details, Duration CollectionPeriod);
