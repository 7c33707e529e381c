using System.Collections.Immutable;
using Metering.Invoicing.Invoices;
using Metering.Subscriptions.Customers;
using Metering.Subscriptions.Wire;

namespace Metering.Invoicing.Profiles;

/// <summary>Somebody on a document as requests name them: OpenMeter's party, with what a seller needs on it beside.</summary>
/// <param name="Id">As answered; it is not changed by naming it.</param>
/// <param name="InvoiceNote">Printed on each document; sellers only, as the bank account.</param>
internal sealed record PartyBody(
    string? Id = null,
    string? Key = null,
    string? Name = null,
    TaxIdentityBody? TaxId = null,
    ImmutableArray<PostalAddress>? Addresses = null,
    string? Email = null,
    string? Iban = null,
    string? Bic = null,
    string? InvoiceNote = null)
{
    private const int MaxKeyLength = 256;
    private const int MaxTextLength = 256;
    private const int MaxTaxIdLength = 32;
    private const int MaxNoteLength = 2_000;

    public void Check(string pointer, bool nameRequired, FieldErrors errors)
    {
        errors.AddIf(
            nameRequired && string.IsNullOrWhiteSpace(Name), $"{pointer}/name", "required", "A seller has a name.");
        errors.AddIf(
            !nameRequired && Name is not null && string.IsNullOrWhiteSpace(Name), $"{pointer}/name", "required", "A name is not blank.");
        errors.AddIf(
            TaxId is not null && TaxId.Code is not { Length: >= 1 and <= MaxTaxIdLength }, $"{pointer}/taxId/code", "out_of_range",
            $"A tax id has 1 to {MaxTaxIdLength} characters.");
        errors.AddIf(Addresses?.Length > 1, $"{pointer}/addresses", "too_many", "A party has at most one address.");
        (string Field, string? Value, int Max)[] texts =
        [
            ("key", Key, MaxKeyLength), ("name", Name, MaxTextLength), ("email", Email, MaxTextLength), ("bic", Bic, MaxTextLength),
            ("invoiceNote", InvoiceNote, MaxNoteLength), .. AddressTexts(),
        ];
        foreach (var (field, value, max) in texts)
        {
            errors.AddIf(value?.Length > max, $"{pointer}/{field}", "out_of_range", $"At most {max} characters.");
        }

        errors.AddIf(Key is { Length: 0 }, $"{pointer}/key", "out_of_range", "A key is not empty.");
        errors.AddIf(
            Addresses is [{ Country: { } country }, ..] && country is not [>= 'A' and <= 'Z', >= 'A' and <= 'Z'],
            $"{pointer}/addresses/0/country", "unknown_country", "A country is two capital letters of ISO 3166-1, such as DE.");
        errors.AddIf(
            Iban is not null && !Profiles.Iban.IsValid(Iban), $"{pointer}/iban", "invalid_iban", "The check digits of this IBAN do not match.");
    }

    public InvoiceSupplier ToSupplier() => new(
        Name!.Trim(), TaxId?.Code, Email, Address(), Iban is null ? null : Profiles.Iban.Compact(Iban), Bic, InvoiceNote, Key);

    /// <summary>The supplier of a draft: what is not named stays.</summary>
    public InvoiceSupplier Over(InvoiceSupplier known) => new(
        Name?.Trim() ?? known.Name, TaxId?.Code ?? known.TaxId, Email ?? known.Email, Address() ?? known.Address,
        Iban is null ? known.Iban : Profiles.Iban.Compact(Iban), Bic ?? known.Bic, InvoiceNote ?? known.InvoiceNote, Key ?? known.Key);

    /// <summary>The customer of a draft: what is not named stays.</summary>
    public InvoiceCustomer Over(InvoiceCustomer known) => known with
    {
        Key = Key ?? known.Key,
        Name = Name?.Trim() ?? known.Name,
        Email = Email ?? known.Email,
        Address = Address() ?? known.Address,
        TaxId = TaxId?.Code ?? known.TaxId,
    };

    private InvoiceAddress? Address() => Addresses is [{ } address, ..] ? InvoiceAddress.Of(address) : null;

    private IEnumerable<(string Field, string? Value, int Max)> AddressTexts() => Addresses is [{ } address, ..]
        ?
        [
            ("addresses/0/line1", address.Line1, MaxTextLength), ("addresses/0/line2", address.Line2, MaxTextLength),
            ("addresses/0/postalCode", address.PostalCode, MaxTextLength), ("addresses/0/city", address.City, MaxTextLength),
            ("addresses/0/state", address.State, MaxTextLength), ("addresses/0/phoneNumber", address.PhoneNumber, MaxTextLength),
        ]
        : [];
}

internal sealed record TaxIdentityBody(string? Code = null);
