using Metering.Platform.Auditing;
using Metering.Platform.Database;
using Metering.Platform.Http;
using Metering.Platform.OpenApi;
using Metering.Platform.Problems;
using Metering.Platform.Security;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using NodaTime;

namespace Metering.Ingest.Backfills;

/// <summary>
/// <c>POST …/{id}/close</c>: from some moment on all events of the backfill count, and until then none. <c>POST …/{id}/revert</c>: none of them
/// counts any more. Both are carried out behind the answer, which is 202; asked again they answer how far that is.
/// </summary>
internal static class EndBackfill
{
    public static void MapEndBackfill(this IEndpointRouteBuilder routes)
    {
        routes.MapPost("/api/v1/events/backfills/{id}/close", CloseAsync).RequireScope(Scope.EventsWrite).Audited("backfill.close")
            .WithName("closeBackfill").WithSummary("Count all events of a backfill at once").Produces<BackfillView>(202);
        routes.MapPost("/api/v1/events/backfills/{id}/revert", RevertAsync).RequireScope(Scope.EventsWrite).Audited("backfill.revert")
            .WithName("revertBackfill").WithSummary("Take back all events of a backfill").Produces<BackfillView>(202);
    }

    private static Task<IResult> CloseAsync(string id, MeteringDatabase database, IClock clock, CancellationToken cancellationToken) =>
        EndAsync(id, "backfill.close", BackfillRow.Closing, row => row.Status switch
        {
            BackfillRow.Open => true,
            BackfillRow.Closing or BackfillRow.Closed => false,
            _ => null,
        }, database, clock, cancellationToken);

    private static Task<IResult> RevertAsync(string id, MeteringDatabase database, IClock clock, CancellationToken cancellationToken) =>
        EndAsync(id, "backfill.revert", BackfillRow.Reverting, row => row.Status switch
        {
            BackfillRow.Open or BackfillRow.Closed => true,
            BackfillRow.Reverting or BackfillRow.Reverted => false,
            _ => null,
        }, database, clock, cancellationToken);

    /// <param name="allows">True: it happens now. False: it has been asked for before. Null: not in this state.</param>
    private static async Task<IResult> EndAsync(
        string id, string action, string status, Func<BackfillRow, bool?> allows, MeteringDatabase database, IClock clock,
        CancellationToken cancellationToken)
    {
        await using var session = await database.BeginAsync(cancellationToken);
        if (await BackfillRow.FindForChangeAsync(session, id, cancellationToken) is not { } row)
        {
            return Problem.NotFound("backfill", id);
        }

        switch (allows(row))
        {
            case null:
                return Problem.Of(ProblemType.Conflict, $"The backfill is {row.Status}.");
            case false:
                return Results.Json(row.ToView(), MeteringJson.Options, statusCode: StatusCodes.Status202Accepted);
        }

        var now = clock.GetCurrentInstant();
        var after = await session.SingleAsync<BackfillRow>(UpdateSql, new { row.Number, status, now }, cancellationToken);
        await AuditTrail.RecordAsync(session, new AuditEntry(action, id, now, row.ToView(), after.ToView()), cancellationToken);
        var answer = Results.Json(after.ToView(), MeteringJson.Options, statusCode: StatusCodes.Status202Accepted);
        return await session.CommitAsync(answer, cancellationToken);
    }

    private const string UpdateSql = $"""
        update ingest.backfill
        set status = @status, updated_at = @now
        where number = @Number
        returning {BackfillRow.Columns}
        """;
}
