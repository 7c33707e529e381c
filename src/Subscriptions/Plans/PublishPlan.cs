using Metering.Platform.Database;
using Metering.Platform.Problems;
using Metering.Platform.Security;
using Metering.Subscriptions.Features;
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
        routes.MapPost("/api/v1/plans/{planIdOrKey}/publish", PublishAsync).RequireScope(Scope.CatalogWrite);

    private static async Task<IResult> PublishAsync(
        string planIdOrKey, PublishBody? body, MeteringDatabase database, IClock clock, CancellationToken cancellationToken)
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

        if (!row.IsDraft && row.StatusAt(now) != "scheduled")
        {
            return Problem.Of(ProblemType.Conflict, $"Version {row.Version} is {row.StatusAt(now)}; only a draft can be published.");
        }

        if (await session.FirstOrNoneAsync<Instant?>(InTheWaySql, new { row.Key, row.Version, from }, cancellationToken) is { } start)
        {
            return Problem.Of(
                ProblemType.Conflict, $"An earlier version takes effect at {start} and would never be in force; choose a later time.",
                new FieldError("/effectiveFrom", "version_scheduled", $"An earlier version takes effect at {start}."));
        }

        // A feature may have been archived since the draft was written.
        var plan = row.ToBody();
        var features = await FeatureRow.FindAllAsync(session, PlanChecks.FeatureKeysOf(plan), cancellationToken);
        if (PlanChecks.Check(plan, features) is { Any: true } errors)
        {
            return errors.ToResult();
        }

        await session.ExecuteAsync(PublishSql, new { row.Id, row.Key, row.EffectiveFrom, from, now }, cancellationToken);
        var after = await PlanRow.FindAsync(session, row.Id, cancellationToken);
        await session.CommitAsync(cancellationToken);
        return Results.Ok(after!.ToView(now));
    }

    private const string InTheWaySql = """
        select effective_from
        from subscriptions.plan
        where key = @Key and version < @Version and effective_from > @from
        order by effective_from desc
        limit 1
        """;

    // The version before ends where this one begins: the open one, or when this was scheduled already, the one that ended where it was to begin.
    private const string PublishSql = """
        update subscriptions.plan
        set effective_to = @from, updated_at = @now
        where key = @Key and id <> @Id and effective_from is not null and (effective_to is null or effective_to = @EffectiveFrom);
        update subscriptions.plan
        set effective_from = @from, updated_at = @now
        where id = @Id
        """;

    private sealed record PublishBody(Instant? EffectiveFrom = null);
}
