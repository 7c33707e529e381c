using System.Collections.Immutable;
using System.Text.Json;
using Metering.Ingest.Events;
using Metering.Platform.Database;
using Metering.Platform.Http;
using Metering.Platform.Problems;
using Metering.Platform.Security;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using NodaTime;

namespace Metering.Ingest.Corrections;

/// <summary>
/// <c>GET /api/v1/events/corrections</c>: latest first, of one event when <c>source</c> and <c>id</c> are named.
/// <c>GET /api/v1/events/history</c>: one event as it was recorded, each of its corrections in order, and whether it counts.
/// </summary>
internal static class ListCorrections
{
    public static void MapListCorrections(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/api/v1/events/corrections", ListAsync).RequireScope(Scope.UsageRead)
            .WithName("listEventCorrections").WithSummary("List corrections of events").Produces<Page<CorrectionView>>();
        routes.MapGet("/api/v1/events/history", HistoryAsync).RequireScope(Scope.UsageRead)
            .WithName("getEventHistory").WithSummary("Read an event with its corrections").Produces<EventHistory>();
    }

    private static Task<IResult> ListAsync(
        PageRequest page, string? source, string? id, MeteringDatabase database, CancellationToken cancellationToken) =>
        Page.OfAsync(
            database, page, ListSql, CountSql, new { source, id, key = source is null || id is null ? (Guid?)null : EventIdentity.Key(source, id) },
            (CorrectionRow row) => row.Show(), cancellationToken);

    private static async Task<IResult> HistoryAsync(string source, string id, MeteringDatabase database, CancellationToken cancellationToken)
    {
        var key = EventIdentity.Key(source, id);
        await using var session = await database.OpenAsync(cancellationToken);
        var recorded = await EventVersions.RecordedAsync(session, key, cancellationToken);
        if (recorded.Count == 0)
        {
            return Problem.NotFound("event", id);
        }

        var corrections = (await session.QueryAsync<CorrectionRow>(
            HistorySql, new { key, batches = recorded.Select(row => row.EventBatch).ToArray() }, cancellationToken))
            .ToLookup(row => row.EventBatch);
        var current = recorded[^1];
        var steps = corrections[current.EventBatch].Select(row => row.Show()).ToImmutableArray();
        return Results.Ok(new EventHistory(
            source, id, current.Show(), current.RecordedAt, current.Batch, steps,
            !current.Reverted && !(steps is [.., { Action: CorrectionRules.Void }])));
    }

    private const string Columns = """
        c.source, c.id, c.kind, c.reason, c.batch, c.event_batch as eventBatch, b.recorded_at as correctedAt, c.type, c.subject, c.time, c.data,
        c.extensions, c.validation_error as validationError
        """;

    private const string ListSql = $"""
        select {Columns}
        from ingest.event_correction c
        join ingest.batch b on b.batch = c.batch
        where (@key::uuid is null or c.key = @key)
          and (@source::text is null or c.source = @source)
          and (@id::text is null or c.id = @id)
        order by c.batch desc, c.key
        """;

    private const string CountSql = """
        select count(*)
        from ingest.event_correction c
        where (@key::uuid is null or c.key = @key)
          and (@source::text is null or c.source = @source)
          and (@id::text is null or c.id = @id)
        """;

    private const string HistorySql = $"""
        select {Columns}
        from ingest.event_correction c
        join ingest.batch b on b.batch = c.batch
        where c.key = @key and c.event_batch = any(@batches)
        order by c.batch
        """;

    private sealed record CorrectionRow(
        string Source, string Id, string Kind, string Reason, long Batch, long EventBatch, Instant CorrectedAt, string Type, string Subject,
        Instant Time, string? Data, string? Extensions, string? ValidationError)
    {
        public CorrectionView Show() => new(
            Source, Id, Kind, Reason, Batch, CorrectedAt,
            Kind == CorrectionRules.Void ? null : EventJson.Element(Id, Source, Type, Subject, Time, Data, Extensions), ValidationError);
    }
}

/// <summary>A correction of an event.</summary>
/// <param name="Action">amend or void.</param>
/// <param name="Batch">The first watermark that sees it.</param>
/// <param name="Event">What the event says from here on, as a CloudEvent; absent when it was voided.</param>
/// <param name="ValidationError">Which meters can not read the amended event, and why.</param>
internal sealed record CorrectionView(
    string Source, string Id, string Action, string Reason, long Batch, Instant CorrectedAt, JsonElement? Event, string? ValidationError);

/// <summary>An event and what became of it.</summary>
/// <param name="Recorded">As it was recorded, a CloudEvent.</param>
/// <param name="Batch">The first watermark that sees it.</param>
/// <param name="Corrections">In the order in which they came.</param>
/// <param name="Counts">False when it was voided, or its backfill was reverted.</param>
internal sealed record EventHistory(
    string Source, string Id, JsonElement Recorded, Instant RecordedAt, long Batch, ImmutableArray<CorrectionView> Corrections, bool Counts);
