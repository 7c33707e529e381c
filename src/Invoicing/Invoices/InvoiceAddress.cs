using Metering.Subscriptions.Customers;

namespace Metering.Invoicing.Invoices;

/// <summary>A postal address on a document; every part may be absent.</summary>
public sealed record InvoiceAddress(
    string? Line1 = null,
    string? Line2 = null,
    string? PostalCode = null,
    string? City = null,
    string? State = null,
    string? Country = null,
    string? PhoneNumber = null)
{
    /// <summary>Null when it says nothing.</summary>
    public static InvoiceAddress? Of(PostalAddress address)
    {
        var known = new InvoiceAddress(
            address.Line1, address.Line2, address.PostalCode, address.City, address.State, address.Country, address.PhoneNumber);
        return known == new InvoiceAddress() ? null : known;
    }
}
