using Metering.Invoicing.Invoices;
using Metering.Platform.Database;
using NodaTime;

namespace Metering.Invoicing.Suppliers;

/// <summary>The default legal entity.</summary>
public sealed class SupplierStore(MeteringDatabase database)
{
    public async Task<SupplierProfile> DefaultAsync(CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(cancellationToken);
        return await DefaultAsync(session, cancellationToken);
    }

    internal async Task<SupplierProfile> DefaultAsync(DbSession session, CancellationToken cancellationToken) =>
        (await session.SingleAsync<SupplierRow>(FindSql, null, cancellationToken)).ToProfile();

    /// <summary>Locked until the transaction ends.</summary>
    internal static async Task<SupplierProfile> DefaultForChangeAsync(DbSession session, CancellationToken cancellationToken) =>
        (await session.SingleAsync<SupplierRow>(FindSql + " for update", null, cancellationToken)).ToProfile();

    internal static Task ReplaceDefaultAsync(
        DbSession session, InvoiceSupplier details, Duration collectionPeriod, CancellationToken cancellationToken)
    {
        var address = details.Address ?? new InvoiceAddress();
        var parameters = new
        {
            details.Name, details.TaxId, details.Email, address.Line1, address.Line2, address.City, address.State, address.PostalCode,
            address.Country, details.Iban, details.Bic, details.PaymentTermsDays, details.InvoiceNote,
            collectionPeriodSeconds = (long)collectionPeriod.TotalSeconds,
        };
        return session.ExecuteAsync(ReplaceSql, parameters, cancellationToken);
    }

    private const string FindSql = """
        select id, name, tax_id as taxId, email, line1, line2, city, state, postal_code as postalCode, country, iban, bic,
               payment_terms_days as paymentTermsDays, collection_period_seconds as collectionPeriodSeconds, invoice_note as invoiceNote
        from invoicing.legal_entity
        where is_default
        """;

    private const string ReplaceSql = """
        update invoicing.legal_entity
        set name = @Name, tax_id = @TaxId, email = @Email, line1 = @Line1, line2 = @Line2, city = @City, state = @State,
            postal_code = @PostalCode, country = @Country, iban = @Iban, bic = @Bic, payment_terms_days = @PaymentTermsDays,
            collection_period_seconds = @collectionPeriodSeconds, invoice_note = @InvoiceNote
        where is_default
        """;

    private sealed record SupplierRow(
        Guid Id, string Name, string? TaxId, string? Email, string? Line1, string? Line2, string? City, string? State, string? PostalCode,
        string? Country, string? Iban, string? Bic, int PaymentTermsDays, long CollectionPeriodSeconds, string? InvoiceNote)
    {
        public SupplierProfile ToProfile()
        {
            var address = new InvoiceAddress(Line1, Line2, PostalCode, City, State, Country);
            var details = new InvoiceSupplier(
                Name, TaxId, Email, address == new InvoiceAddress() ? null : address, Iban, Bic, PaymentTermsDays, InvoiceNote);
            return new SupplierProfile(Id, details, Duration.FromSeconds(CollectionPeriodSeconds));
        }
    }
}
