using System.Collections.Immutable;
using Metering.Subscriptions.Customers;

namespace Metering.Invoicing.Invoices;

/// <summary>The buyer as it was when the document was issued.</summary>
/// <param name="Zone">The time zone in which the periods are shown.</param>
public sealed record InvoiceCustomer(
    Guid Id, string? Key, string Name, string? Email, InvoiceAddress? Address, ImmutableArray<string> SubjectKeys, string Zone)
{
    public string? TaxId { get; init; }

    public static InvoiceCustomer Of(CustomerAccount customer) => new(
        customer.Id, customer.Key, customer.Name, customer.PrimaryEmail,
        customer.BillingAddress is { } address ? InvoiceAddress.Of(address) : null, customer.SubjectKeys, customer.Zone.Id);
}
