using Metering.Platform.Database;
using Metering.Platform.Http;
using Metering.Platform.Problems;
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
        routes.MapGet("/api/v1/events/rejected", ListAsync).RequireScope(Scope.UsageRead);

    private static async Task<IResult> ListAsync(int? page, int? pageSize, MeteringDatabase database, CancellationToken cancellationToken)
    {
        if (PageRequest.TryCreate(page, pageSize, out var asked) is { } error)
        {
            return Problem.Invalid(error);
        }

        await using var session = await database.OpenAsync(cancellationToken);
        var rows = await session.QueryAsync<RejectedEvent>(ListSql, new { asked.Offset, asked.Size }, cancellationToken);
        var total = await session.SingleAsync<long>("select count(*) from ingest.rejected_event", null, cancellationToken);
        return Results.Ok(new Page<RejectedEvent>([.. rows], total, asked.Number, asked.Size));
    }

    private const string ListSql = """
        select number, source, id, reason, body, recorded_at as recordedAt
        from ingest.rejected_event
        order by number desc
        limit @Size offset @Offset
        """;
}

/// <param name="Body">As it was sent.</param>
internal sealed record RejectedEvent(long Number, string? Source, string? Id, string Reason, string Body, Instant RecordedAt);
