using System.Collections.Immutable;
using Metering.Ingest.Filters;
using Metering.Platform.Database;
using Metering.Platform.Http;
using Metering.Platform.Identifiers;
using NodaTime;

namespace Metering.Subscriptions.Features;

/// <summary>A feature as stored.</summary>
internal sealed record FeatureRow(
    Guid Id,
    string Key,
    string Name,
    string? MeterSlug,
    string? EventType,
    string? Aggregation,
    string Metadata,
    string Overlap,
    string? MeterFilters,
    decimal? UnitCost,
    Instant CreatedAt,
    Instant UpdatedAt,
    Instant? ArchivedAt)
{
    /// <summary>Completed by a where clause.</summary>
    public const string SelectSql = """
        select id, key, name, meter_slug as meterSlug, event_type as eventType, aggregation, metadata::text as metadata,
               overlap, meter_filters::text as meterFilters, trim_scale(unit_cost) as unitCost,
               created_at as createdAt, updated_at as updatedAt, archived_at as archivedAt
        from subscriptions.feature
        """;

    private const string ByIdSql = SelectSql + " where id = @id";

    private const string ByKeySql = SelectSql + " where key = @key and archived_at is null";

    private const string ByIdsSql = SelectSql + " where id = any(@ids)";

    private const string ByKeysSql = SelectSql + " where key = any(@keys) and archived_at is null";

    /// <summary>Units can only be counted one by one when the meter adds them up.</summary>
    public bool CountsUnits => Aggregation is "Sum" or "Count";

    /// <summary>Archived features are found by id only.</summary>
    public static async Task<FeatureRow?> FindAsync(DbSession session, string idOrKey, CancellationToken cancellationToken)
    {
        var byId = PublicId.TryParse(idOrKey, out var id) ? await session.FirstOrNoneAsync<FeatureRow>(ByIdSql, new { id }, cancellationToken) : null;
        return byId ?? await session.FirstOrNoneAsync<FeatureRow>(ByKeySql, new { key = idOrKey }, cancellationToken);
    }

    public static async Task<ImmutableDictionary<string, FeatureRow>> FindAllAsync(
        DbSession session, IEnumerable<string> keys, CancellationToken cancellationToken) =>
        (await session.QueryAsync<FeatureRow>(ByKeysSql, new { keys = keys.Distinct().ToArray() }, cancellationToken))
        .ToImmutableDictionary(feature => feature.Key, StringComparer.Ordinal);

    /// <summary>Also archived ones.</summary>
    public static async Task<ImmutableDictionary<Guid, FeatureRow>> FindAllAsync(
        DbSession session, IEnumerable<Guid> ids, CancellationToken cancellationToken) =>
        (await session.QueryAsync<FeatureRow>(ByIdsSql, new { ids = ids.Distinct().ToArray() }, cancellationToken))
        .ToImmutableDictionary(feature => feature.Id);

    /// <summary>Locked until the transaction ends.</summary>
    public static async Task<FeatureRow?> FindForChangeAsync(DbSession session, string idOrKey, CancellationToken cancellationToken) =>
        await FindAsync(session, idOrKey, cancellationToken) is { } found
            ? await session.FirstOrNoneAsync<FeatureRow>(ByIdSql + " for update", new { found.Id }, cancellationToken)
            : null;

    public EntityTag Tag => EntityTag.Of(ToView());

    public FeatureView ToView()
    {
        var filters = FeatureMeter.FiltersOf(MeterFilters);
        var isPlain = filters.Count > 0 && filters.Values.All(filter => filter == new TextFilter { Eq = filter.Eq });
        return new FeatureView(
            PublicId.Format(Id), Key, Name, MeterSlug, isPlain ? filters.ToImmutableSortedDictionary(one => one.Key, one => one.Value.Eq!) : null,
            filters.IsEmpty ? null : filters, UnitCost is { } amount ? new UnitCost(Features.UnitCost.Manual, amount) : null,
            Wire.Metadata.ParseOrNull(Metadata), Overlap, CreatedAt, UpdatedAt, ArchivedAt);
    }
}

/// <summary>A feature as the API shows it.</summary>
/// <param name="MeterGroupByFilters">The filters as OpenMeter wrote them once, when each is nothing but an equality.</param>
/// <param name="Overlap">Additive: what happens when two subscriptions entitle to it at a time: <c>sum</c> or <c>refuse</c>.</param>
internal sealed record FeatureView(
    string Id,
    string Key,
    string Name,
    string? MeterSlug,
    ImmutableSortedDictionary<string, string>? MeterGroupByFilters,
    ImmutableSortedDictionary<string, TextFilter>? AdvancedMeterGroupByFilters,
    UnitCost? UnitCost,
    ImmutableSortedDictionary<string, string>? Metadata,
    string Overlap,
    Instant CreatedAt,
    Instant UpdatedAt,
    Instant? ArchivedAt);
