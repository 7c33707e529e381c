using System.Collections.Immutable;
using System.Text.Json;
using Metering.Ingest.Filters;
using Metering.Platform.Database;
using Metering.Platform.Http;
using Metering.Platform.Identifiers;
using NodaTime;

namespace Metering.Ingest.Meters;

/// <summary>The meters there are.</summary>
public sealed class MeterCatalog(MeteringDatabase database)
{
    /// <summary>By 26-character id or by slug; null when there is none or it is deleted.</summary>
    public async Task<Meter?> FindAsync(string idOrSlug, CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(cancellationToken);
        return await FindAsync(idOrSlug, session, cancellationToken);
    }

    /// <summary>Every meter that is not deleted, by slug.</summary>
    public async Task<ImmutableArray<Meter>> ListAsync(CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(cancellationToken);
        return await ListAsync(includeDeleted: false, session, cancellationToken);
    }

    internal static async Task<Meter?> FindAsync(string idOrSlug, DbSession session, CancellationToken cancellationToken)
    {
        Guid? id = PublicId.TryParse(idOrSlug, out var parsed) ? parsed : null;
        var row = await session.FirstOrNoneAsync<MeterRow>(FindSql, new { id, slug = idOrSlug }, cancellationToken);
        return row?.ToMeter();
    }

    internal static async Task<ImmutableArray<Meter>> ListAsync(bool includeDeleted, DbSession session, CancellationToken cancellationToken)
    {
        var rows = await session.QueryAsync<MeterRow>(ListSql, new { includeDeleted }, cancellationToken);
        return [.. rows.Select(row => row.ToMeter())];
    }

    private const string Columns = """
        id, number, slug, name, description, metadata::text as metadata, aggregation, event_type as eventType, event_from as eventFrom,
        value_property as valueProperty, value_expression as valueExpression, event_filters::text as eventFilters, group_by::text as groupBy,
        created_at as createdAt, updated_at as updatedAt, deleted_at as deletedAt,
        f.started_at as backfillStartedAt, f.finished_at as backfillFinishedAt, f.counted as backfillCounted, f.total as backfillTotal
        """;

    private const string FindSql = $"""
        select {Columns}
        from ingest.meter
        left join ingest.meter_backfill f on f.meter = number
        where (id = @id or slug = @slug)
          and deleted_at is null
        order by id = @id desc
        limit 1
        """;

    private const string ListSql = $"""
        select {Columns}
        from ingest.meter
        left join ingest.meter_backfill f on f.meter = number
        where @includeDeleted or deleted_at is null
        order by slug, created_at
        """;

    private sealed class MeterRow
    {
        public Guid Id { get; init; }
        public int Number { get; init; }
        public required string Slug { get; init; }
        public string? Name { get; init; }
        public string? Description { get; init; }
        public required string Metadata { get; init; }
        public required string Aggregation { get; init; }
        public required string EventType { get; init; }
        public Instant? EventFrom { get; init; }
        public string? ValueProperty { get; init; }
        public string? ValueExpression { get; init; }
        public required string EventFilters { get; init; }
        public required string GroupBy { get; init; }
        public Instant CreatedAt { get; init; }
        public Instant UpdatedAt { get; init; }
        public Instant? DeletedAt { get; init; }
        public Instant? BackfillStartedAt { get; init; }
        public Instant? BackfillFinishedAt { get; init; }
        public long? BackfillCounted { get; init; }
        public long? BackfillTotal { get; init; }

        public Meter ToMeter() => new(
            Id, Slug, Name, Description, AggregationCode.ByCode[Aggregation], EventType, ValueProperty, Texts(GroupBy), CreatedAt, UpdatedAt)
        {
            Number = Number,
            EventFrom = EventFrom,
            ValueExpression = ValueExpression,
            EventFilters = JsonSerializer.Deserialize<Dictionary<string, TextFilter>>(EventFilters, MeteringJson.Options)!
                .ToImmutableSortedDictionary(StringComparer.Ordinal),
            Metadata = Texts(Metadata),
            DeletedAt = DeletedAt,
            Backfill = BackfillStartedAt is { } startedAt
                ? MeterBackfillView.Of(BackfillCounted ?? 0, BackfillTotal, startedAt, BackfillFinishedAt)
                : null,
        };

        private static ImmutableSortedDictionary<string, string> Texts(string json) =>
            JsonSerializer.Deserialize<Dictionary<string, string>>(json)!.ToImmutableSortedDictionary(StringComparer.Ordinal);
    }
}
