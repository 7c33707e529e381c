using System.Globalization;
using System.Text.Json;
using Metering.Platform.Database;
using Metering.Platform.Http;
using Metering.Platform.Security;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using NodaTime;

namespace Metering.Ingest.Events;

/// <summary><c>GET /api/v1/events/conflicts</c>: what came under a known source and id with other content, latest first.</summary>
internal static class ListEventConflicts
{
    public static void MapListEventConflicts(this IEndpointRouteBuilder routes) =>
        routes.MapGet("/api/v1/events/conflicts", ListAsync).RequireScope(Scope.UsageRead)
            .WithName("listEventConflicts").WithSummary("List events that came under a known id with other content")
            .Produces<Page<ConflictingEvent>>();

    private static Task<IResult> ListAsync(PageRequest page, MeteringDatabase database, CancellationToken cancellationToken) =>
        Page.OfAsync(
            database, page, ListSql, "select count(*) from ingest.event_conflict", null, (ConflictRow row) => row.ToConflict(),
            cancellationToken);

    private const string ListSql = """
        select c.source, c.id, c.type, c.subject, c.time, c.data, c.payload_hash as payloadHash, c.first_payload_hash as firstPayloadHash,
               coalesce(b.recorded_at, f.updated_at) as recordedAt
        from ingest.event_conflict c
        left join ingest.batch b on b.batch = c.batch
        left join ingest.backfill f on f.event_batch = c.batch
        order by recordedAt desc, c.batch desc, c.key
        """;

    private sealed record ConflictRow(
        string Source, string Id, string Type, string Subject, Instant Time, string? Data, long PayloadHash, long FirstPayloadHash,
        Instant RecordedAt)
    {
        public ConflictingEvent ToConflict() => new(
            Source, Id, Type, Subject, Time, Data is null ? null : JsonDocument.Parse(Data, EventJson.DataOptions).RootElement,
            HexOf(PayloadHash), HexOf(FirstPayloadHash), RecordedAt);

        private static string HexOf(long hash) => hash.ToString("x16", CultureInfo.InvariantCulture);
    }
}

/// <param name="FirstPayloadHash">Of the event that was recorded first, and counts.</param>
internal sealed record ConflictingEvent(
    string Source, string Id, string Type, string Subject, Instant Time, JsonElement? Data, string PayloadHash, string FirstPayloadHash,
    Instant RecordedAt);
