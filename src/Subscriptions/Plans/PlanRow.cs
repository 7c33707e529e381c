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
        order by (effective_from is not null and effective_to is null) desc, version desc
        limit 1
        """;

    private const string VersionSql = SelectSql + " where key = @key and version = @version";

    private const string InForceSql = SelectSql + " where key = @key and effective_from is not null and effective_to is null";

    private const string DraftSql = SelectSql + " where key = @key and effective_from is null";

    // Everything that changes versions of a key takes this lock, so that numbers are given once and one version is in force.
    private const string LockKeySql = "select pg_advisory_xact_lock(hashtextextended('subscriptions.plan ' || @key, 0))";

    public bool IsDraft => EffectiveFrom is null;

    public bool IsActive => EffectiveFrom is not null && EffectiveTo is null;

    public string Status => IsDraft ? "draft" : IsActive ? "active" : "archived";

    public ImmutableArray<PhaseBody> PhaseBodies() => Wire.Metadata.FromJson<ImmutableArray<PhaseBody>>(Phases);

    public static async Task<PlanRow?> FindAsync(DbSession session, string idOrKey, CancellationToken cancellationToken)
    {
        var byId = PublicId.TryParse(idOrKey, out var id) ? await session.FirstOrNoneAsync<PlanRow>(ByIdSql, new { id }, cancellationToken) : null;
        return byId ?? await session.FirstOrNoneAsync<PlanRow>(ByKeySql, new { key = idOrKey }, cancellationToken);
    }

    public static Task<PlanRow?> FindVersionAsync(DbSession session, string key, int version, CancellationToken cancellationToken) =>
        session.FirstOrNoneAsync<PlanRow>(VersionSql, new { key, version }, cancellationToken);

    /// <summary>By id, or the draft of a key; its key is locked until the transaction ends.</summary>
    public static async Task<PlanRow?> FindDraftForChangeAsync(DbSession session, string idOrKey, CancellationToken cancellationToken)
    {
        if (await FindAsync(session, idOrKey, cancellationToken) is not { } found)
        {
            return null;
        }

        await LockKeyAsync(session, found.Key, cancellationToken);
        return PublicId.TryParse(idOrKey, out var id) && id == found.Id
            ? await session.FirstOrNoneAsync<PlanRow>(ByIdSql, new { id }, cancellationToken)
            : await session.FirstOrNoneAsync<PlanRow>(DraftSql, new { found.Key }, cancellationToken)
                ?? await FindAsync(session, found.Key, cancellationToken);
    }

    /// <summary>The version that can be subscribed to; null when none can.</summary>
    public static Task<PlanRow?> FindInForceAsync(DbSession session, string key, CancellationToken cancellationToken) =>
        session.FirstOrNoneAsync<PlanRow>(InForceSql, new { key }, cancellationToken);

    /// <summary>As <see cref="FindAsync"/>; its key is locked until the transaction ends.</summary>
    public static async Task<PlanRow?> FindForChangeAsync(DbSession session, string idOrKey, CancellationToken cancellationToken)
    {
        if (await FindAsync(session, idOrKey, cancellationToken) is not { } found)
        {
            return null;
        }

        await LockKeyAsync(session, found.Key, cancellationToken);
        return await FindAsync(session, idOrKey, cancellationToken);
    }

    public static Task LockKeyAsync(DbSession session, string key, CancellationToken cancellationToken) =>
        session.ExecuteAsync(LockKeySql, new { key }, cancellationToken);

    /// <summary>The document again, to check it once more or to show it.</summary>
    public PlanBody ToBody() => new(
        Name, Key, Currency, BillingCadence, PhaseBodies(), Description, new ProRatingBody(Prorates, "prorate_prices"), "credit_then_invoice",
        Wire.Metadata.ParseOrNull(Metadata), Commitment is { } minimum ? new CommitmentBody(minimum) : null);

    public EntityTag Tag => EntityTag.Of(ToView());

    /// <summary>As it is stored, without what is found in it: findings may change with other resources.</summary>
    public PlanView ToView()
    {
        var body = ToBody();
        return new PlanView(
            PublicId.Format(Id), Key, Version, Status, Name, Description, Currency, BillingCadence, body.ProRatingConfig!, body.SettlementMode!,
            body.Phases, body.Commitment, body.Metadata, EffectiveFrom, EffectiveTo, CreatedAt, UpdatedAt, ValidationErrors: null, Warnings: null);
    }
}
