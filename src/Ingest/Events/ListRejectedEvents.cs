using Metering.Platform.Database;
using Metering.Platform.Http;
using Metering.Platform.Security;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using NodaTime;

namespace Metering.Ingest.Events;

/// <summary><c>GET /api/v1/events/rejected</c>: what was accepted and could not be stored as an event, latest first.</summary>
internal static class ListRejectedEvents
{
    public static void MapListRejectedEvents(this IEndpointRouteBuilder routes) =>
        routes.MapGet("/api/v1/events/rejected", ListAsync).RequireScope(Scope.UsageRead)
            .WithName("listRejectedEvents").WithSummary("List what was accepted and could not be stored as an event").Produces<Page<RejectedEvent>>();

    private static Task<IResult> ListAsync(PageRequest page, MeteringDatabase database, CancellationToken cancellationToken) =>
        Page.OfAsync(
            database, page, ListSql, "select count(*) from ingest.rejected_event", null, (RejectedEvent row) => row, cancellationToken);

    private const string ListSql = """
        select number, source, id, reason, body, recorded_at as recordedAt, replayed_at as replayedAt, replay_outcome as replayOutcome,
               replay_reason as replayReason
        from ingest.rejected_event
        order by number desc
        """;
}

/// <param name="Body">As it was sent.</param>
/// <param name="ReplayedAt">When it was last read again.</param>
/// <param name="ReplayOutcome">What came of that: accepted, duplicate, conflict or rejected.</param>
internal sealed record RejectedEvent(
    long Number, string? Source, string? Id, string Reason, string Body, Instant RecordedAt, Instant? ReplayedAt, string? ReplayOutcome,
    string? ReplayReason);
