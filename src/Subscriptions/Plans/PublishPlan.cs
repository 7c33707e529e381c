using Metering.Ingest.Meters;
using Metering.Platform.Auditing;
using Metering.Platform.Database;
using Metering.Platform.Http;
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
        routes.MapPost("/api/v1/plans/{planIdOrKey}/publish", PublishAsync).RequireScope(Scope.CatalogWrite).Audited("plan.publish")
            .WithName("publishPlan").WithSummary("Put a draft in force").Produces<PlanView>();

    private static async Task<IResult> PublishAsync(
        string planIdOrKey, IfMatch ifMatch, MeteringDatabase database, MeterCatalog meters, IClock clock, CancellationToken cancellationToken)
    {
        await using var session = await database.BeginAsync(cancellationToken);
        if (await PlanRow.FindDraftForChangeAsync(session, planIdOrKey, cancellationToken) is not { } row)
        {
            return Problem.NotFound("plan", planIdOrKey);
        }

        if (ifMatch.Refuse(row.Tag) is { } stale)
        {
            return stale;
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

        var now = clock.GetCurrentInstant();
        if (await PlanRow.FindInForceAsync(session, row.Key, cancellationToken) is { } previous)
        {
            await session.ExecuteAsync(ArchivePlan.ArchiveSql, new { previous.Id, now }, cancellationToken);
            var archived = previous with { EffectiveTo = now, UpdatedAt = now };
            await AuditTrail.RecordAsync(
                session, new AuditEntry("plan.archive", PublicId.Format(previous.Id), now, previous.ToView(), archived.ToView()), cancellationToken);
        }

        await session.ExecuteAsync(PublishSql, new { row.Id, now }, cancellationToken);
        var after = row with { EffectiveFrom = now, UpdatedAt = now };
        var view = after.ToView();
        await AuditTrail.RecordAsync(session, new AuditEntry("plan.publish", view.Id, now, row.ToView(), view), cancellationToken);
        var answer = await PlanView.OfAsync(after, session, meters, cancellationToken);
        return await session.CommitAsync(Results.Ok(answer).WithTag(after.Tag), cancellationToken);
    }

    private const string PublishSql = """
        update subscriptions.plan
        set effective_from = @now, updated_at = @now
        where id = @Id
        """;
}
