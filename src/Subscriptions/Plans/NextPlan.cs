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

/// <summary><c>POST /api/v1/plans/{planIdOrKey}/next</c>: a draft of the next version that says what the latest one says, add-ons included.</summary>
internal static class NextPlan
{
    public static void Map(IEndpointRouteBuilder routes) =>
        routes.MapPost("/api/v1/plans/{planIdOrKey}/next", NextAsync).RequireScope(Scope.CatalogWrite).Audited("plan.create")
            .WithName("nextPlan").WithSummary("Draft the next version of a plan").Produces<PlanView>(201);

    private static async Task<IResult> NextAsync(
        string planIdOrKey, MeteringDatabase database, MeterCatalog meters, IClock clock, CancellationToken cancellationToken)
    {
        var now = clock.GetCurrentInstant();
        await using var session = await database.BeginAsync(cancellationToken);
        if (await PlanRow.FindAsync(session, planIdOrKey, now, cancellationToken) is not { } named)
        {
            return Problem.NotFound("plan", planIdOrKey);
        }

        await PlanRow.LockKeyAsync(session, named.Key, cancellationToken);
        var latest = (await session.FirstOrNoneAsync<PlanRow>(LatestSql, new { named.Key }, cancellationToken))!;
        if (latest.IsDraft)
        {
            return Problem.Of(ProblemType.AlreadyExists, $"Version {latest.Version} is a draft already; change or delete that.");
        }

        if (PublicId.TryParse(planIdOrKey, out var id) && id != latest.Id)
        {
            return Problem.Of(ProblemType.Conflict, $"Version {named.Version} is not the latest; that is version {latest.Version}.");
        }

        var draft = latest with
        {
            Id = PublicId.New(now), Version = latest.Version + 1, EffectiveFrom = null, EffectiveTo = null, CreatedAt = now, UpdatedAt = now,
        };
        await session.ExecuteAsync(CopySql, new { latestId = latest.Id, draft.Id, draft.Version, now }, cancellationToken);
        foreach (var addonId in await session.QueryAsync<Guid>(AddonsSql, new { latest.Id }, cancellationToken))
        {
            await session.ExecuteAsync(
                CopyAddonSql, new { newId = PublicId.New(now), addonId, latestId = latest.Id, draft.Id, now }, cancellationToken);
        }

        var view = draft.ToView(now);
        await AuditTrail.RecordAsync(session, new AuditEntry("plan.create", view.Id, now, null, view), cancellationToken);
        var answer = await PlanView.OfAsync(draft, session, meters, now, cancellationToken);
        return await session.CommitAsync(Results.Created($"/api/v1/plans/{view.Id}", answer).WithTag(draft.Tag), cancellationToken);
    }

    private const string LatestSql = PlanRow.SelectSql + " where key = @Key order by version desc limit 1";

    private const string CopySql = """
        insert into subscriptions.plan
            (id, key, version, name, description, currency, billing_cadence, prorates, phases, metadata, created_at, updated_at,
             commitment)
        select @Id, key, @Version, name, description, currency, billing_cadence, prorates, phases, metadata, @now, @now, commitment
        from subscriptions.plan
        where id = @latestId
        """;

    private const string AddonsSql = "select addon_id from subscriptions.plan_addon where plan_id = @Id order by id";

    private const string CopyAddonSql = """
        insert into subscriptions.plan_addon (id, plan_id, addon_id, from_plan_phase, max_quantity, metadata, created_at, updated_at)
        select @newId, @Id, addon_id, from_plan_phase, max_quantity, metadata, @now, @now
        from subscriptions.plan_addon
        where plan_id = @latestId and addon_id = @addonId
        """;
}
