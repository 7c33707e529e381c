namespace Metering.Invoicing.Invoices;

/// <summary>Which version of which plan priced the lines.</summary>
public sealed record InvoicePlan(Guid Id, string Key, string Name, int Version);
