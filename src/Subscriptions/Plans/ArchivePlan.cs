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
/// <c>POST /api/v1/plans/{planIdOrKey}/archive</c>: nobody can subscribe to it any more. A version that is scheduled never takes effect then, and
/// what it was to follow stays in force. <c>DELETE /api/v1/plans/{planIdOrKey}</c>: a draft
/// that was never published is gone.
/// </summary>
internal static class ArchivePlan
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPost("/api/v1/plans/{planIdOrKey}/archive", ArchiveAsync).RequireScope(Scope.CatalogWrite).Audited("plan.archive")
            .WithName("archivePlan").WithSummary("Take a version out of sale").Produces<PlanView>();
        routes.MapDelete("/api/v1/plans/{planIdOrKey}", DeleteAsync).RequireScope(Scope.CatalogWrite).Audited("plan.delete")
            .WithName("deletePlan").WithSummary("Delete a draft").Produces(204);
    }

    private static async Task<IResult> ArchiveAsync(
        string planIdOrKey, IfMatch ifMatch, MeteringDatabase database, MeterCatalog meters, IClock clock, CancellationToken cancellationToken)
    {
        var now = clock.GetCurrentInstant();
        await using var session = await database.BeginAsync(cancellationToken);
        if (await PlanRow.FindForChangeAsync(session, planIdOrKey, now, cancellationToken) is not { } row)
        {
            return Problem.NotFound("plan", planIdOrKey);
        }

        if (ifMatch.Refuse(row.Tag) is { } stale)
        {
            return stale;
        }

        if (row.StatusAt(now) is not ("active" or "scheduled") and var status)
        {
            return Problem.Of(
                ProblemType.Conflict, $"Version {row.Version} is {status}; only a version that is in force or scheduled can be archived.");
        }

        var after = row with { EffectiveFrom = Instant.Min(row.EffectiveFrom!.Value, now), EffectiveTo = now, UpdatedAt = now };
        await session.ExecuteAsync(SpanSql, after, cancellationToken);
        if (row.EffectiveFrom > now)
        {
            await KeepPreviousAsync(session, row, now, cancellationToken);
        }

        await AuditTrail.RecordAsync(
            session, new AuditEntry("plan.archive", PublicId.Format(row.Id), now, row.ToView(now), after.ToView(now)), cancellationToken);
        var answer = await PlanView.OfAsync(after, session, meters, now, cancellationToken);
        return await session.CommitAsync(Results.Ok(answer).WithTag(after.Tag), cancellationToken);
    }

    /// <summary>The version that was to end where this one was to begin goes on to where this one was to end.</summary>
    private static async Task KeepPreviousAsync(DbSession session, PlanRow withdrawn, Instant now, CancellationToken cancellationToken)
    {
        if (await session.FirstOrNoneAsync<PlanRow>(EndingSql, withdrawn, cancellationToken) is not { } previous)
        {
            return;
        }

        var kept = previous with { EffectiveTo = withdrawn.EffectiveTo, UpdatedAt = now };
        await session.ExecuteAsync(SpanSql, kept, cancellationToken);
        await AuditTrail.RecordAsync(
            session, new AuditEntry("plan.keep", PublicId.Format(previous.Id), now, previous.ToView(now), kept.ToView(now)), cancellationToken);
    }

    private static async Task<IResult> DeleteAsync(
        string planIdOrKey, IfMatch ifMatch, MeteringDatabase database, IClock clock, CancellationToken cancellationToken)
    {
        var now = clock.GetCurrentInstant();
        await using var session = await database.BeginAsync(cancellationToken);
        if (await PlanRow.FindDraftForChangeAsync(session, planIdOrKey, now, cancellationToken) is not { } row)
        {
            return Problem.NotFound("plan", planIdOrKey);
        }

        if (ifMatch.Refuse(row.Tag) is { } stale)
        {
            return stale;
        }

        if (!row.IsDraft)
        {
            return Problem.Of(
                ProblemType.Conflict, $"Version {row.Version} is {row.StatusAt(now)}; only a draft can be deleted. Archive it instead.");
        }

        await session.ExecuteAsync(DeleteSql, new { row.Id }, cancellationToken);
        await AuditTrail.RecordAsync(
            session, new AuditEntry("plan.delete", PublicId.Format(row.Id), now, row.ToView(now), null), cancellationToken);
        await session.CommitAsync(cancellationToken);
        return Results.NoContent();
    }

    internal const string ArchiveSql = """
        update subscriptions.plan
        set effective_to = @at, updated_at = @now
        where id = @Id
        """;

    private const string SpanSql = """
        update subscriptions.plan
        set effective_from = @EffectiveFrom, effective_to = @EffectiveTo, updated_at = @UpdatedAt
        where id = @Id
        """;

    private const string EndingSql = PlanRow.SelectSql + """
         where key = @Key and id <> @Id and effective_to = @EffectiveFrom
        order by version desc
        limit 1
        """;

    private const string DeleteSql = """
        delete from subscriptions.plan_addon where plan_id = @Id;
        delete from subscriptions.plan where id = @Id
        """;
}
