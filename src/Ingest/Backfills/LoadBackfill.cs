using Metering.Ingest.Events;
using Metering.Ingest.Quotas;
using Metering.Platform.Database;
using Metering.Platform.OpenApi;
using Metering.Platform.Problems;
using Metering.Platform.Security;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;
using NodaTime;

namespace Metering.Ingest.Backfills;

/// <summary>
/// <c>POST /api/v1/events/backfills/{id}/events</c>: the same bodies as <c>POST /api/v1/events</c> takes. 204 means that they are kept; whether
/// one was recorded before is decided when the backfill is closed. A request that is sent again adds nothing.
/// </summary>
internal static class LoadBackfill
{
    public static void MapLoadBackfill(this IEndpointRouteBuilder routes) =>
        routes.MapPost("/api/v1/events/backfills/{id}/events", LoadAsync)
            .RequireScope(Scope.EventsWrite)
            .WithMetadata(new RequestSizeLimitAttribute(EventLimits.MaxBodyBytes))
            .WithName("loadBackfill").WithSummary("Load events into an open backfill").Produces(204)
            .WithRequestBody(typeof(CloudEventBody), PostEvents.ContentTypes).WithExample(PostEvents.Example, "openBackfill");

    private static async Task<IResult> LoadAsync(
        string id, HttpContext http, MeteringDatabase database, BodyRoom room, IngestQuotas quotas, EventValidation validation, IClock clock,
        CancellationToken cancellationToken)
    {
        if (EventRequest.ModeOf(http.Request) is not { } mode)
        {
            return PostEvents.UnsupportedMediaType();
        }

        var allowance = quotas.Of(http);
        if (allowance is not null && quotas.Look(allowance) is { Admits: false } nothing)
        {
            return IngestQuotas.Exceeded(http, allowance, nothing);
        }

        using var body = await PostedBody.ReadAsync(http.Request, room, cancellationToken);
        if (body is null)
        {
            return PostEvents.TooMany(http);
        }

        var now = clock.GetCurrentInstant();
        var request = EventRequest.Of(http.Request, mode, body.Bytes);
        var read = CloudEventReader.Read(request.Body, request.Form, now);
        if (!read.IsWellFormed)
        {
            return Problem.Invalid(PostEvents.ErrorsOf(read, request));
        }

        if (await PostEvents.RefusedAsync(read, request, now, validation, cancellationToken) is { Length: > 0 } refused)
        {
            return Problem.Invalid(refused);
        }

        await using var session = await database.BeginAsync(cancellationToken);
        if (await BackfillRow.FindForChangeAsync(session, id, cancellationToken) is not { } row)
        {
            return Problem.NotFound("backfill", id);
        }

        if (row.Status != BackfillRow.Open)
        {
            return Problem.Of(ProblemType.Conflict, $"The backfill is {row.Status}; events are loaded while it is open.");
        }

        if (allowance is not null && quotas.Take(allowance, read.Count) is { Admits: false } left)
        {
            return IngestQuotas.Exceeded(http, allowance, left);
        }

        await BackfillStaging.AddAsync(session, row.Number, read.Events, now, cancellationToken);
        await session.CommitAsync(cancellationToken);
        return Results.NoContent();
    }
}
