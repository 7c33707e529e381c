using System.Collections.Immutable;
using Metering.Platform.Database;
using Metering.Platform.Http;
using Metering.Platform.Identifiers;
using NodaTime;

namespace Metering.Subscriptions.Plans;

/// <summary>A version of a plan as stored.</summary>
internal sealed record PlanRow(
    Guid Id,
    string Key,
    int Version,
    string Name,
    string? Description,
    string Currency,
    string BillingCadence,
    bool Prorates,
    string Phases,
    string Metadata,
    Instant? EffectiveFrom,
    Instant? EffectiveTo,
    Instant CreatedAt,
    Instant UpdatedAt,
    decimal? Commitment)
{
    /// <summary>Completed by a where clause.</summary>
    public const string SelectSql = """
        select id, key, version, name, description, currency, billing_cadence as billingCadence, prorates, phases::text as phases,
               metadata::text as metadata, effective_from as effectiveFrom, effective_to as effectiveTo,
               created_at as createdAt, updated_at as updatedAt, commitment
        from subscriptions.plan
        """;

    private const string ByIdSql = SelectSql + " where id = @id";

    // A key alone means the version in force, or else the newest one.
    private const string ByKeySql = SelectSql + """
         where key = @key
        order by (not @latest and coalesce(effective_from <= @now, false) and (effective_to is null or effective_to > @now)) desc, version desc
        limit 1
        """;

    private const string VersionSql = SelectSql + " where key = @key and version = @version";

    // The open version, or when this one was scheduled already, the one that ends where it was to begin.
    private const string BeforeSql = SelectSql + """
         where key = @Key and id <> @Id and effective_from is not null and (effective_to is null or effective_to = @EffectiveFrom)
        order by version desc
        limit 1
        """;

    private const string DraftSql = SelectSql + " where key = @key and effective_from is null";

    // Everything that changes versions of a key takes this lock, so that numbers are given once and one version is in force.
    private const string LockKeySql = "select pg_advisory_xact_lock(hashtextextended('subscriptions.plan ' || @key, 0))";

    public bool IsDraft => EffectiveFrom is null;

    public bool IsActiveAt(Instant now) => StatusAt(now) == "active";

    public string StatusAt(Instant now) =>
        IsDraft ? "draft"
        : EffectiveTo <= now ? "archived"
        : EffectiveFrom > now ? "scheduled"
        : "active";

    public ImmutableArray<PhaseBody> PhaseBodies() => Wire.Metadata.FromJson<ImmutableArray<PhaseBody>>(Phases);

    public static Task<PlanRow?> FindAsync(DbSession session, string idOrKey, Instant now, CancellationToken cancellationToken) =>
        FindAsync(session, idOrKey, now, latest: false, cancellationToken);

    /// <param name="latest">Of a key the newest version, also when another one is in force.</param>
    public static async Task<PlanRow?> FindAsync(
        DbSession session, string idOrKey, Instant now, bool latest, CancellationToken cancellationToken)
    {
        var byId = PublicId.TryParse(idOrKey, out var id) ? await session.FirstOrNoneAsync<PlanRow>(ByIdSql, new { id }, cancellationToken) : null;
        return byId ?? await session.FirstOrNoneAsync<PlanRow>(ByKeySql, new { key = idOrKey, now, latest }, cancellationToken);
    }

    public static Task<PlanRow?> FindVersionAsync(DbSession session, string key, int version, CancellationToken cancellationToken) =>
        session.FirstOrNoneAsync<PlanRow>(VersionSql, new { key, version }, cancellationToken);

    /// <summary>By id, or the draft of a key; its key is locked until the transaction ends.</summary>
    public static async Task<PlanRow?> FindDraftForChangeAsync(
        DbSession session, string idOrKey, Instant now, CancellationToken cancellationToken)
    {
        if (await FindAsync(session, idOrKey, now, cancellationToken) is not { } found)
        {
            return null;
        }

        await LockKeyAsync(session, found.Key, cancellationToken);
        return PublicId.TryParse(idOrKey, out var id) && id == found.Id
            ? await session.FirstOrNoneAsync<PlanRow>(ByIdSql, new { id }, cancellationToken)
            : await session.FirstOrNoneAsync<PlanRow>(DraftSql, new { found.Key }, cancellationToken)
                ?? await FindAsync(session, found.Key, now, cancellationToken);
    }

    /// <summary>The version that ends where this one begins; null when there is none.</summary>
    public Task<PlanRow?> FindBeforeAsync(DbSession session, CancellationToken cancellationToken) =>
        session.FirstOrNoneAsync<PlanRow>(BeforeSql, new { Key, Id, EffectiveFrom }, cancellationToken);

    public static Task<PlanRow?> FindAsync(DbSession session, Guid id, CancellationToken cancellationToken) =>
        session.FirstOrNoneAsync<PlanRow>(ByIdSql, new { id }, cancellationToken);

    /// <summary>As <see cref="FindAsync"/>; its key is locked until the transaction ends.</summary>
    public static async Task<PlanRow?> FindForChangeAsync(DbSession session, string idOrKey, Instant now, CancellationToken cancellationToken)
    {
        if (await FindAsync(session, idOrKey, now, cancellationToken) is not { } found)
        {
            return null;
        }

        await LockKeyAsync(session, found.Key, cancellationToken);
        return await FindAsync(session, idOrKey, now, cancellationToken);
    }

    public static Task LockKeyAsync(DbSession session, string key, CancellationToken cancellationToken) =>
        session.ExecuteAsync(LockKeySql, new { key }, cancellationToken);

    /// <summary>The document again, to check it once more or to show it.</summary>
    public PlanBody ToBody() => new(
        Name, Key, Currency, BillingCadence, PhaseBodies(), Description, new ProRatingBody(Prorates, "prorate_prices"), "credit_then_invoice",
        Wire.Metadata.ParseOrNull(Metadata), Commitment is { } minimum ? new CommitmentBody(minimum) : null);

    /// <summary>Of what is stored: the status changes by itself.</summary>
    public EntityTag Tag => EntityTag.Of(ToView(CreatedAt));

    /// <summary>As it is stored, without what is found in it: findings may change with other resources.</summary>
    public PlanView ToView(Instant now)
    {
        var body = ToBody();
        return new PlanView(
            PublicId.Format(Id), Key, Version, StatusAt(now), Name, Description, Currency, BillingCadence,
            body.ProRatingConfig!, body.SettlementMode!,
            body.Phases, body.Commitment, body.Metadata, EffectiveFrom, EffectiveTo, CreatedAt, UpdatedAt, ValidationErrors: null, Warnings: null);
    }
}
