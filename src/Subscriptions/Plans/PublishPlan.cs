using Metering.Ingest.Meters;
using Metering.Platform.Database;
using Metering.Platform.Identifiers;
using Metering.Platform.Problems;
using Metering.Platform.Security;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using NodaTime;

namespace Metering.Subscriptions.Plans;

/// <summary>
/// <c>POST /api/v1/plans/{planIdOrKey}/publish</c>: the draft is in force from now on and the version that was is archived. Who has
/// subscribed to that stays on it.
/// </summary>
internal static class PublishPlan
{
    public static void Map(IEndpointRouteBuilder routes) =>
        routes.MapPost("/api/v1/plans/{planIdOrKey}/publish", PublishAsync).RequireScope(Scope.CatalogWrite);

    private static async Task<IResult> PublishAsync(
        string planIdOrKey, MeteringDatabase database, MeterCatalog meters, IClock clock, CancellationToken cancellationToken)
    {
        await using var session = await database.BeginAsync(cancellationToken);
        if (await PlanRow.FindDraftForChangeAsync(session, planIdOrKey, cancellationToken) is not { } row)
        {
            return Problem.NotFound("plan", planIdOrKey);
        }

        if (!row.IsDraft)
        {
            return Problem.Of(ProblemType.Conflict, $"Version {row.Version} is {row.Status}; only a draft can be published.");
        }

        // A feature may have been archived since the draft was written.
        var plan = row.ToBody();
        var features = await MeteredFeature.OfAsync([plan], session, meters, cancellationToken);
        if (PlanChecks.Check(plan, features).AgainstPublishing is { IsEmpty: false } errors)
        {
            return Problem.Invalid(errors);
        }

        await session.ExecuteAsync(PublishSql, new { row.Id, row.Key, now = clock.GetCurrentInstant() }, cancellationToken);
        var after = await PlanRow.FindAsync(session, PublicId.Format(row.Id), cancellationToken);
        var view = await PlanView.OfAsync(after!, session, meters, cancellationToken);
        await session.CommitAsync(cancellationToken);
        return Results.Ok(view);
    }

    private const string PublishSql = """
        update subscriptions.plan
        set effective_to = @now, updated_at = @now
        where key = @Key and effective_from is not null and effective_to is null;
        update subscriptions.plan
        set effective_from = @now, updated_at = @now
        where id = @Id
        """;
}
