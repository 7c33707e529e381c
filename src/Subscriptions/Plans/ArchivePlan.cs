using Metering.Platform.Database;
using Metering.Platform.Problems;
using Metering.Platform.Security;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using NodaTime;

namespace Metering.Subscriptions.Plans;

/// <summary>
/// <c>POST /api/v1/plans/{planIdOrKey}/archive</c>: nobody can subscribe to it any more. <c>DELETE /api/v1/plans/{planIdOrKey}</c>: a draft
/// that was never published is gone.
/// </summary>
internal static class ArchivePlan
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPost("/api/v1/plans/{planIdOrKey}/archive", ArchiveAsync).RequireScope(Scope.CatalogWrite);
        routes.MapDelete("/api/v1/plans/{planIdOrKey}", DeleteAsync).RequireScope(Scope.CatalogWrite);
    }

    private static async Task<IResult> ArchiveAsync(string planIdOrKey, MeteringDatabase database, IClock clock, CancellationToken cancellationToken)
    {
        var now = clock.GetCurrentInstant();
        await using var session = await database.BeginAsync(cancellationToken);
        if (await PlanRow.FindAsync(session, planIdOrKey, now, cancellationToken) is not { } row)
        {
            return Problem.NotFound("plan", planIdOrKey);
        }

        await PlanRow.LockKeyAsync(session, row.Key, cancellationToken);
        if (await session.ExecuteAsync(ArchiveSql, new { row.Id, now }, cancellationToken) == 0)
        {
            return Problem.Of(ProblemType.Conflict, $"Version {row.Version} is not in force; only a version in force can be archived.");
        }

        var after = await PlanRow.FindAsync(session, row.Id, cancellationToken);
        await session.CommitAsync(cancellationToken);
        return Results.Ok(after!.ToView(now));
    }

    private static async Task<IResult> DeleteAsync(string planIdOrKey, MeteringDatabase database, IClock clock, CancellationToken cancellationToken)
    {
        var now = clock.GetCurrentInstant();
        await using var session = await database.BeginAsync(cancellationToken);
        if (await PlanRow.FindDraftForChangeAsync(session, planIdOrKey, now, cancellationToken) is not { } row)
        {
            return Problem.NotFound("plan", planIdOrKey);
        }

        if (!row.IsDraft)
        {
            return Problem.Of(ProblemType.Conflict, $"Version {row.Version} is {row.StatusAt(now)}; only a draft can be deleted. Archive it instead.");
        }

        await session.ExecuteAsync(DeleteSql, new { row.Id }, cancellationToken);
        await session.CommitAsync(cancellationToken);
        return Results.NoContent();
    }

    private const string ArchiveSql = """
        update subscriptions.plan
        set effective_to = @now, updated_at = @now
        where id = @Id and effective_from <= @now and (effective_to is null or effective_to > @now)
        """;

    private const string DeleteSql = """
        delete from subscriptions.plan_addon where plan_id = @Id;
        delete from subscriptions.plan where id = @Id
        """;
}
