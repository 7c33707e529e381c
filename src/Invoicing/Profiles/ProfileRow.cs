using System.Collections.Immutable;
using Metering.Invoicing.Invoices;
using Metering.Platform.Database;
using Metering.Platform.Identifiers;
using NodaTime;

namespace Metering.Invoicing.Profiles;

/// <summary>A billing profile as stored.</summary>
internal sealed record ProfileRow(
    Guid Id, string Name, string? Description, string Metadata, bool IsDefault, string Supplier, string Workflow, string NumberSeries,
    Instant CreatedAt, Instant UpdatedAt, Instant? ArchivedAt)
{
    /// <summary>Stands for the default profile wherever the API takes an id.</summary>
    public const string DefaultAlias = "default";

    /// <summary>Completed by a where clause on <c>p</c>.</summary>
    public const string SelectSql = """
        select p.id, p.name, p.description, p.metadata::text as metadata, p.is_default as isDefault, p.supplier::text as supplier,
               p.workflow::text as workflow, p.number_series as numberSeries, p.created_at as createdAt, p.updated_at as updatedAt,
               p.archived_at as archivedAt
        from invoicing.billing_profile p
        """;

    private const string DefaultSql = SelectSql + " where p.is_default";

    private const string ByIdSql = SelectSql + " where p.id = @id";

    /// <summary>The customer's own when it is pinned to one, otherwise the default.</summary>
    private const string OfCustomerSql = SelectSql + """

        where p.id = coalesce(
            (select billing_profile_id from invoicing.customer_override where customer_id = @customerId),
            (select id from invoicing.billing_profile where is_default))
        """;

    private const string LockAllSql = "select pg_advisory_xact_lock(hashtextextended('invoicing.billing_profile', 0))";

    public static async Task<BillingProfile?> FindAsync(DbSession session, string idOrAlias, CancellationToken cancellationToken)
    {
        if (idOrAlias == DefaultAlias)
        {
            return (await session.SingleAsync<ProfileRow>(DefaultSql, null, cancellationToken)).ToProfile();
        }

        return PublicId.TryParse(idOrAlias, out var id) ? await FindAsync(session, id, cancellationToken) : null;
    }

    public static async Task<BillingProfile?> FindAsync(DbSession session, Guid id, CancellationToken cancellationToken) =>
        (await session.FirstOrNoneAsync<ProfileRow>(ByIdSql, new { id }, cancellationToken))?.ToProfile();

    public static async Task<BillingProfile> OfCustomerAsync(DbSession session, Guid customerId, CancellationToken cancellationToken) =>
        (await session.SingleAsync<ProfileRow>(OfCustomerSql, new { customerId }, cancellationToken)).ToProfile();

    /// <summary>Profiles are few and change seldom: one change after another keeps exactly one of them the default.</summary>
    public static Task LockAllAsync(DbSession session, CancellationToken cancellationToken) =>
        session.ExecuteAsync(LockAllSql, null, cancellationToken);

    public BillingProfile ToProfile() => new(
        Id, Name, Description, StoredJson.Read<ImmutableSortedDictionary<string, string>>(Metadata), IsDefault,
        StoredJson.Read<InvoiceSupplier>(Supplier), StoredJson.Read<BillingWorkflow>(Workflow), NumberSeries, CreatedAt, UpdatedAt, ArchivedAt);
}
