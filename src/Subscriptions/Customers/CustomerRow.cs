using System.Collections.Immutable;
using Metering.Platform.Database;
using Metering.Platform.Http;
using Metering.Platform.Identifiers;
using Metering.Rating;
using Metering.Subscriptions.Wire;
using NodaTime;

namespace Metering.Subscriptions.Customers;

/// <summary>A customer as stored, with its subjects.</summary>
internal sealed record CustomerRow(
    Guid Id,
    string? Key,
    string Name,
    string? Description,
    string? PrimaryEmail,
    string? Currency,
    string TimeZone,
    string? BillingAddress,
    string Metadata,
    string Kind,
    string Level,
    Instant? SuspendedAt,
    string? SuspensionReason,
    Instant CreatedAt,
    Instant UpdatedAt,
    Instant? DeletedAt,
    string Subjects,
    bool SubjectImplied)
{
    /// <summary>Completed by a where clause on <c>c</c>.</summary>
    public const string SelectSql = """
        select c.id, c.key, c.name, c.description, c.primary_email as primaryEmail, c.currency, c.time_zone as timeZone,
               c.billing_address::text as billingAddress, c.metadata::text as metadata,
               c.kind, c.level, c.suspended_at as suspendedAt, c.suspension_reason as suspensionReason,
               c.created_at as createdAt, c.updated_at as updatedAt, c.deleted_at as deletedAt,
               coalesce(s.subjects, '[]') as subjects, coalesce(s.implied, false) as subjectImplied
        from subscriptions.customer c
        left join lateral (
            select json_agg(subject order by position)::text as subjects, bool_or(implied) as implied
            from subscriptions.customer_subject
            where customer_id = c.id
        ) s on true
        """;

    private const string ByIdSql = SelectSql + " where c.id = @id";

    private const string ByKeySql = SelectSql + " where c.key = @key and c.deleted_at is null";

    private const string BySubjectSql = SelectSql + """
         where c.id = (
            select customer_id
            from subscriptions.customer_subject
            where subject = @subject and released_at is null
        )
        """;

    private const string LockSql = "select id from subscriptions.customer where id = @id for update";

    public DateTimeZone Zone => DateTimeZoneProviders.Tzdb[TimeZone];

    /// <summary>An id wins over a key that looks like one. Deleted customers are found by id only.</summary>
    public static async Task<CustomerRow?> FindAsync(DbSession session, string idOrKey, CancellationToken cancellationToken)
    {
        var byId = PublicId.TryParse(idOrKey, out var id) ? await FindAsync(session, id, cancellationToken) : null;
        return byId ?? await session.FirstOrNoneAsync<CustomerRow>(ByKeySql, new { key = idOrKey }, cancellationToken);
    }

    public static Task<CustomerRow?> FindAsync(DbSession session, Guid id, CancellationToken cancellationToken) =>
        session.FirstOrNoneAsync<CustomerRow>(ByIdSql, new { id }, cancellationToken);

    public static Task<CustomerRow?> FindBySubjectAsync(DbSession session, string subject, CancellationToken cancellationToken) =>
        session.FirstOrNoneAsync<CustomerRow>(BySubjectSql, new { subject }, cancellationToken);

    /// <summary>A customer that is not deleted, locked until the transaction ends: changes to one customer happen one after another.</summary>
    public static async Task<CustomerRow?> FindForChangeAsync(DbSession session, string idOrKey, CancellationToken cancellationToken)
    {
        if (await FindAsync(session, idOrKey, cancellationToken) is not { DeletedAt: null } found)
        {
            return null;
        }

        await session.ExecuteAsync(LockSql, new { found.Id }, cancellationToken);
        return await FindAsync(session, found.Id, cancellationToken) is { DeletedAt: null } locked ? locked : null;
    }

    public CustomerAccount ToAccount() => new(
        Id, Key, Name, SubjectsAsArray(), PrimaryEmail, Currency is null ? null : Rating.Currency.Parse(Currency), Address(), Zone);

    /// <summary>Of what is stored of the customer: which subscription is current changes by itself.</summary>
    public EntityTag Tag => EntityTag.Of(ToView(currentSubscription: null));

    public CustomerView ToView(Guid? currentSubscription) => new(
        PublicId.Format(Id), Key, Name, Description, new UsageAttribution(SubjectImplied ? [] : SubjectsAsArray()), PrimaryEmail, Currency,
        Address(), TimeZone, Wire.Metadata.ParseOrNull(Metadata), Kind, Level,
        SuspendedAt is null ? "active" : "suspended", SuspendedAt, SuspensionReason, currentSubscription is { } id ? PublicId.Format(id) : null,
        CreatedAt, UpdatedAt, DeletedAt);

    private ImmutableArray<string> SubjectsAsArray() => Wire.Metadata.FromJson<ImmutableArray<string>>(Subjects);

    private PostalAddress? Address() => BillingAddress is null ? null : Wire.Metadata.FromJson<PostalAddress>(BillingAddress);
}
