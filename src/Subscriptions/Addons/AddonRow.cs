using System.Collections.Immutable;
using System.Text.Json.Serialization;
using Metering.Platform.Database;
using Metering.Platform.Http;
using Metering.Platform.Identifiers;
using Metering.Platform.Problems;
using Metering.Subscriptions.Plans;
using NodaTime;

namespace Metering.Subscriptions.Addons;

/// <summary>A version of an add-on as stored.</summary>
internal sealed record AddonRow(
    Guid Id,
    string Key,
    int Version,
    string Name,
    string? Description,
    string Currency,
    string InstanceType,
    string RateCards,
    string Metadata,
    Instant? EffectiveFrom,
    Instant? EffectiveTo,
    Instant CreatedAt,
    Instant UpdatedAt)
{
    /// <summary>Completed by a where clause on <c>a</c>.</summary>
    public const string SelectSql = """
        select a.id, a.key, a.version, a.name, a.description, a.currency, a.instance_type as instanceType, a.rate_cards::text as rateCards,
               a.metadata::text as metadata, a.effective_from as effectiveFrom, a.effective_to as effectiveTo,
               a.created_at as createdAt, a.updated_at as updatedAt
        from subscriptions.addon a
        """;

    private const string ByIdSql = SelectSql + " where a.id = @id";

    private const string ByIdsSql = SelectSql + " where a.id = any(@ids)";

    // A key alone means the version in force, or else the newest one.
    private const string ByKeySql = SelectSql + """
         where a.key = @key
        order by (not @latest and a.effective_from is not null and a.effective_to is null) desc, a.version desc
        limit 1
        """;

    // Everything that changes versions of a key takes this lock, so that numbers are given once and one version is in force.
    private const string LockKeySql = "select pg_advisory_xact_lock(hashtextextended('subscriptions.addon ' || @key, 0))";

    public bool IsDraft => EffectiveFrom is null;

    public bool IsActive => EffectiveFrom is not null && EffectiveTo is null;

    public bool IsSingle => InstanceType == "single";

    public string Status => IsDraft ? "draft" : IsActive ? "active" : "archived";

    public ImmutableArray<RateCardBody> RateCardBodies() => Wire.Metadata.FromJson<ImmutableArray<RateCardBody>>(RateCards);

    /// <param name="latest">Of a key the newest version, also when it is not in force.</param>
    public static async Task<AddonRow?> FindAsync(DbSession session, string idOrKey, bool latest, CancellationToken cancellationToken)
    {
        var byId = PublicId.TryParse(idOrKey, out var id) ? await FindAsync(session, id, cancellationToken) : null;
        return byId ?? await session.FirstOrNoneAsync<AddonRow>(ByKeySql, new { key = idOrKey, latest }, cancellationToken);
    }

    public static Task<AddonRow?> FindAsync(DbSession session, Guid id, CancellationToken cancellationToken) =>
        session.FirstOrNoneAsync<AddonRow>(ByIdSql, new { id }, cancellationToken);

    public static async Task<ImmutableDictionary<Guid, AddonRow>> FindAllAsync(DbSession session, Guid[] ids, CancellationToken cancellationToken) =>
        (await session.QueryAsync<AddonRow>(ByIdsSql, new { ids }, cancellationToken)).ToImmutableDictionary(row => row.Id);

    /// <summary>The version that can be bought; null when none can.</summary>
    public static Task<AddonRow?> FindInForceAsync(DbSession session, string key, CancellationToken cancellationToken) =>
        session.FirstOrNoneAsync<AddonRow>(
            SelectSql + " where a.key = @key and a.effective_from is not null and a.effective_to is null", new { key }, cancellationToken);

    /// <summary>By id, or the newest version of a key; its key is locked until the transaction ends.</summary>
    public static async Task<AddonRow?> FindForChangeAsync(DbSession session, string idOrKey, CancellationToken cancellationToken)
    {
        if (await FindAsync(session, idOrKey, latest: true, cancellationToken) is not { } found)
        {
            return null;
        }

        await LockKeyAsync(session, found.Key, cancellationToken);
        return await FindAsync(session, found.Id, cancellationToken);
    }

    public static Task LockKeyAsync(DbSession session, string key, CancellationToken cancellationToken) =>
        session.ExecuteAsync(LockKeySql, new { key }, cancellationToken);

    public AddonBody ToBody() => new(
        Name, Key, InstanceType, Currency, RateCardBodies(), Description, Wire.Metadata.ParseOrNull(Metadata));

    public EntityTag Tag => EntityTag.Of(ToView());

    public AddonView ToView() => new(
        PublicId.Format(Id), Key, Version, Status, Name, Description, Currency, InstanceType, RateCardBodies(),
        Wire.Metadata.ParseOrNull(Metadata), EffectiveFrom, EffectiveTo, CreatedAt, UpdatedAt, ValidationErrors: null);
}

/// <summary>A version of an add-on as the API shows it.</summary>
/// <param name="ValidationErrors">Always null: an add-on with errors is refused when it is written.</param>
internal sealed record AddonView(
    string Id,
    string Key,
    int Version,
    string Status,
    string Name,
    string? Description,
    string Currency,
    string InstanceType,
    ImmutableArray<RateCardBody> RateCards,
    ImmutableSortedDictionary<string, string>? Metadata,
    Instant? EffectiveFrom,
    Instant? EffectiveTo,
    Instant CreatedAt,
    Instant UpdatedAt,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] ImmutableArray<FieldError>? ValidationErrors);
