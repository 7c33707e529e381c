using Metering.Platform.Identifiers;
using NodaTime;

namespace Metering.Invoicing.Taxes;

/// <summary>A tax and its rate, as a line or a billing profile names it.</summary>
/// <param name="Percent">0 is a rate too: an exempt supply is named, not left out.</param>
internal sealed record TaxCode(
    Guid Id, string Key, string Name, string? Description, decimal Percent, Instant CreatedAt, Instant UpdatedAt, Instant? ArchivedAt)
{
    /// <summary>Completed by a where clause.</summary>
    public const string SelectSql = """
        select id, key, name, description, percent, created_at as createdAt, updated_at as updatedAt, archived_at as archivedAt
        from invoicing.tax_code
        """;

    public TaxCodeView ToView() => new(PublicId.Format(Id), Key, Name, Description, Percent / 1.0000000000m, CreatedAt, UpdatedAt, ArchivedAt);
}

/// <summary>A tax code as the API shows it.</summary>
internal sealed record TaxCodeView(
    string Id, string Key, string Name, string? Description, decimal Percent, Instant CreatedAt, Instant UpdatedAt, Instant? DeletedAt);
