using System.Collections.Immutable;
using Metering.Notifications.Channels;
using Metering.Platform.Database;
using Metering.Platform.Http;
using Metering.Platform.Identifiers;
using Metering.Subscriptions.Features;
using Metering.Subscriptions.Wire;
using NodaTime;

namespace Metering.Notifications.Rules;

/// <summary>A rule as stored, with its channels.</summary>
internal sealed record RuleRow(
    Guid Id,
    string Type,
    string Name,
    bool Disabled,
    string Thresholds,
    string Features,
    string Metadata,
    string Channels,
    Instant CreatedAt,
    Instant UpdatedAt,
    Instant? DeletedAt)
{
    /// <summary>Completed by a where clause on <c>r</c>.</summary>
    public const string SelectSql = """
        select r.id, r.type, r.name, r.disabled, r.thresholds::text as thresholds, r.features::text as features, r.metadata::text as metadata,
               (select coalesce(json_agg(c.channel_id order by c.position), '[]')::text
                from notifications.rule_channel c where c.rule_id = r.id) as channels,
               r.created_at as createdAt, r.updated_at as updatedAt, r.deleted_at as deletedAt
        from notifications.rule r
        """;

    private const string ByIdSql = SelectSql + " where r.id = @id";

    private const string LockSql = "select id from notifications.rule where id = @id and deleted_at is null for update";

    private const string InForceSql = SelectSql + " where r.type = @type and not r.disabled and r.deleted_at is null order by r.id";

    public ImmutableArray<Guid> ChannelIds => Subscriptions.Wire.Metadata.FromJson<ImmutableArray<Guid>>(Channels);

    public ImmutableArray<Threshold> ThresholdList => Subscriptions.Wire.Metadata.FromJson<ImmutableArray<Threshold>>(Thresholds);

    public ImmutableArray<NamedFeature> FeatureList => Subscriptions.Wire.Metadata.FromJson<ImmutableArray<NamedFeature>>(Features);

    public EntityTag Tag => EntityTag.Of(ToView());

    public static Task<RuleRow?> FindAsync(DbSession session, string id, CancellationToken cancellationToken) =>
        PublicId.TryParse(id, out var guid)
            ? session.FirstOrNoneAsync<RuleRow>(ByIdSql, new { id = guid }, cancellationToken)
            : Task.FromResult<RuleRow?>(null);

    /// <summary>One that is not deleted, locked until the transaction ends.</summary>
    public static async Task<RuleRow?> FindForChangeAsync(DbSession session, string id, CancellationToken cancellationToken) =>
        PublicId.TryParse(id, out var guid) && await session.ExecuteAsync(LockSql, new { id = guid }, cancellationToken) != 0
            ? await FindAsync(session, id, cancellationToken) is { DeletedAt: null } row ? row : null
            : null;

    /// <summary>Neither disabled nor deleted.</summary>
    public static Task<IReadOnlyList<RuleRow>> InForceAsync(DbSession session, string type, CancellationToken cancellationToken) =>
        session.QueryAsync<RuleRow>(InForceSql, new { type }, cancellationToken);

    public bool IsAbout(Guid featureId) => FeatureList.IsEmpty || FeatureList.Any(feature => feature.Id == featureId);

    public RuleView ToView() => new(
        PublicId.Format(Id), Type, Name, Disabled, [.. ChannelIds.Select(ChannelMeta.Of)],
        Type == RuleType.BalanceThreshold ? ThresholdList : null,
        FeatureList.IsEmpty ? null : [.. FeatureList.Select(feature => new FeatureMeta(PublicId.Format(feature.Id), feature.Key))],
        Subscriptions.Wire.Metadata.ParseOrNull(Metadata), CreatedAt, UpdatedAt, DeletedAt);
}

/// <summary>A rule as the API shows it.</summary>
internal sealed record RuleView(
    string Id,
    string Type,
    string Name,
    bool Disabled,
    ImmutableArray<ChannelMeta> Channels,
    ImmutableArray<Threshold>? Thresholds,
    ImmutableArray<FeatureMeta>? Features,
    ImmutableSortedDictionary<string, string>? Metadata,
    Instant CreatedAt,
    Instant UpdatedAt,
    Instant? DeletedAt);

/// <summary>A feature by both its names.</summary>
internal sealed record FeatureMeta(string Id, string Key);
