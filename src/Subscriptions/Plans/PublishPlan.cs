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
/// <c>POST /api/v1/plans/{planIdOrKey}/publish</c>: the draft is in force from now on, or from <c>effectiveFrom</c>, and the version that was is
/// archived then. Who has subscribed to that stays on it. A version that is scheduled can be scheduled anew until it takes effect; what it says
/// is settled when it is published.
/// </summary>
internal static class PublishPlan
{
    public static void Map(IEndpointRouteBuilder routes) =>
        routes.MapPost("/api/v1/plans/{planIdOrKey}/publish", PublishAsync).RequireScope(Scope.CatalogWrite).Audited("plan.publish")
            .WithName("publishPlan").WithSummary("Put a draft in force").Produces<PlanView>();

    private static async Task<IResult> PublishAsync(
        string planIdOrKey, PublishBody? body, IfMatch ifMatch, MeteringDatabase database, MeterCatalog meters, IClock clock,
        CancellationToken cancellationToken)
    {
        var now = clock.GetCurrentInstant();
        var from = body?.EffectiveFrom ?? now;
        if (from < now)
        {
            return Problem.Invalid("/effectiveFrom", "time_in_the_past", $"A version takes effect now or later, and now is {now}.");
        }

        await using var session = await database.BeginAsync(cancellationToken);
        if (await PlanRow.FindDraftForChangeAsync(session, planIdOrKey, now, cancellationToken) is not { } row)
        {
            return Problem.NotFound("plan", planIdOrKey);
        }

        if (ifMatch.Refuse(row.Tag) is { } stale)
        {
            return stale;
        }

        if (row.StatusAt(now) is not ("draft" or "scheduled") and var status)
        {
            return Problem.Of(ProblemType.Conflict, $"Version {row.Version} is {status}; only a draft can be published.");
        }

        var previous = await row.FindBeforeAsync(session, cancellationToken);
        if (previous?.EffectiveFrom > from)
        {
            return Problem.Of(
                ProblemType.Conflict, $"Version {previous.Version} takes effect at {previous.EffectiveFrom} and would never be in force.",
                new FieldError("/effectiveFrom", "version_scheduled", $"Version {previous.Version} takes effect at {previous.EffectiveFrom}."));
        }

        // A feature may have been archived since the draft was written.
        var plan = row.ToBody();
        var features = await MeteredFeature.OfAsync([plan], session, meters, cancellationToken);
        if (PlanChecks.Check(plan, features).AgainstPublishing is { IsEmpty: false } errors)
        {
            return Problem.Invalid(errors);
        }

        if (previous is not null)
        {
            await session.ExecuteAsync(ArchivePlan.ArchiveSql, new { previous.Id, at = from, now }, cancellationToken);
            var archived = previous with { EffectiveTo = from, UpdatedAt = now };
            await AuditTrail.RecordAsync(
                session, new AuditEntry("plan.archive", PublicId.Format(previous.Id), now, previous.ToView(now), archived.ToView(now)),
                cancellationToken);
        }

        await session.ExecuteAsync(PublishSql, new { row.Id, from, now }, cancellationToken);
        var after = row with { EffectiveFrom = from, UpdatedAt = now };
        var view = after.ToView(now);
        await AuditTrail.RecordAsync(session, new AuditEntry("plan.publish", view.Id, now, row.ToView(now), view), cancellationToken);
        var answer = await PlanView.OfAsync(after, session, meters, now, cancellationToken);
        return await session.CommitAsync(Results.Ok(answer).WithTag(after.Tag), cancellationToken);
    }

    private const string PublishSql = """
        update subscriptions.plan
        set effective_from = @from, updated_at = @now
        where id = @Id
        """;

    private sealed record PublishBody(Instant? EffectiveFrom = null);
}
