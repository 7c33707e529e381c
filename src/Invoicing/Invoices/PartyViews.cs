using System.Collections.Immutable;
using Metering.Platform.Identifiers;

namespace Metering.Invoicing.Invoices;

/// <summary>The seller as the API shows it: OpenMeter's party, with the bank account beside.</summary>
internal sealed record PartyView(
    string Id, string? Key, string Name, TaxIdentityView? TaxId, ImmutableArray<InvoiceAddress> Addresses, string? Email, string? Iban, string? Bic,
    string? InvoiceNote)
{
    public static PartyView Of(Guid id, InvoiceSupplier supplier) => new(
        PublicId.Format(id), supplier.Key, supplier.Name, TaxIdentityView.Of(supplier.TaxId), supplier.Address is { } address ? [address] : [],
        supplier.Email, supplier.Iban, supplier.Bic, supplier.InvoiceNote);
}

internal sealed record TaxIdentityView(string Code)
{
    public static TaxIdentityView? Of(string? code) => code is null ? null : new TaxIdentityView(code);
}

/// <summary>The buyer as the API shows it.</summary>
internal sealed record CustomerPartyView(
    string Id, string? Key, string Name, TaxIdentityView? TaxId, string? Email, ImmutableArray<InvoiceAddress> Addresses,
    UsageAttributionView UsageAttribution)
{
    public static CustomerPartyView Of(InvoiceCustomer customer) => new(
        PublicId.Format(customer.Id), customer.Key, customer.Name, TaxIdentityView.Of(customer.TaxId), customer.Email,
        customer.Address is { } address ? [address] : [], new UsageAttributionView(customer.SubjectKeys));
}

internal sealed record UsageAttributionView(ImmutableArray<string> SubjectKeys);
