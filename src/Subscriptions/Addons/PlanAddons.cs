using System.Collections.Immutable;
using Metering.Platform.Auditing;
using Metering.Platform.Database;
using Metering.Platform.Http;
using Metering.Platform.Identifiers;
using Metering.Platform.OpenApi;
using Metering.Platform.Problems;
using Metering.Platform.Security;
using Metering.Rating;
using Metering.Subscriptions.Plans;
using Metering.Subscriptions.Subscribing.Spec;
using Metering.Subscriptions.Wire;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;
using NodaTime;

namespace Metering.Subscriptions.Addons;

/// <summary>
/// <c>/api/v1/plans/{planIdOrKey}/addons</c>: which add-ons can be had with a version of a plan, from which phase on, and how many. It may be said
/// of a plan that is in force, because it changes nothing that anybody has bought.
/// </summary>
internal static class PlanAddons
{
    private const string Path = "/api/v1/plans/{planIdOrKey}/addons";

    private static readonly ImmutableSortedDictionary<string, Func<PlanAddonView, IComparable>> Orders =
        new Dictionary<string, Func<PlanAddonView, IComparable>>
        {
            ["id"] = view => view.Id, ["key"] = view => (view.Addon.Key, view.Addon.Version), ["version"] = view => view.Addon.Version,
            ["created_at"] = view => view.CreatedAt, ["updated_at"] = view => view.UpdatedAt,
        }.ToImmutableSortedDictionary(StringComparer.Ordinal);

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPost(Path, CreateAsync).RequireScope(Scope.CatalogWrite).Audited("plan_addon.create")
            .WithName("createPlanAddon").WithSummary("Offer an add-on with a plan").Produces<PlanAddonView>(201);
        routes.MapGet(Path, ListAsync).RequireScope(Scope.CatalogRead)
            .WithName("listPlanAddons").WithSummary("List the add-ons of a plan").Produces<Page<PlanAddonView>>()
            .WithQueryParameter(KeyVersions.Parameter, "Only these versions of the add-on with that key.", isList: true);
        routes.MapGet(Path + "/{planAddonId}", GetAsync).RequireScope(Scope.CatalogRead)
            .WithName("getPlanAddon").WithSummary("Read how an add-on is offered").Produces<PlanAddonView>();
        routes.MapPut(Path + "/{planAddonId}", ReplaceAsync).RequireScope(Scope.CatalogWrite).Audited("plan_addon.replace")
            .WithName("updatePlanAddon").WithSummary("Change how an add-on is offered").Produces<PlanAddonView>();
        routes.MapDelete(Path + "/{planAddonId}", DeleteAsync).RequireScope(Scope.CatalogWrite).Audited("plan_addon.delete")
            .WithName("deletePlanAddon").WithSummary("Offer an add-on no more").Produces(204);
    }

    private static async Task<IResult> CreateAsync(
        string planIdOrKey, PlanAddonBody body, MeteringDatabase database, IClock clock, CancellationToken cancellationToken)
    {
        var now = clock.GetCurrentInstant();
        await using var session = await database.BeginAsync(cancellationToken);
        if (await PlanRow.FindForChangeAsync(session, planIdOrKey, now, cancellationToken) is not { } plan)
        {
            return Problem.NotFound("plan", planIdOrKey);
        }

        if (await AddonRow.FindAsync(session, body.AddonId, latest: false, cancellationToken) is not { } addon)
        {
            return Problem.Invalid("/addonId", "unknown_addon", "There is no such add-on.");
        }

        if (Check(plan, addon, body.FromPlanPhase, body.MaxQuantity, body.Metadata) is { Any: true } errors)
        {
            return errors.ToResult();
        }

        var existing = await PlanAddonRow.OfPlanAsync(session, plan.Id, cancellationToken);
        if (plan.StatusAt(now) == "archived" || !addon.IsActive || existing.Count >= PlanAddonRow.MaxPerPlan)
        {
            return Problem.Of(
                ProblemType.Conflict,
                !addon.IsActive ? $"Version {addon.Version} of the add-on is {addon.Status}; only the version in force can be had."
                : $"The plan is archived, or has {PlanAddonRow.MaxPerPlan} add-ons already.");
        }

        if (existing.Any(one => one.AddonId == addon.Id))
        {
            return Problem.Of(
                ProblemType.AlreadyExists, "The plan has this add-on already.",
                new FieldError("/addonId", "taken", "The plan has this add-on already."));
        }

        var row = new PlanAddonRow(
            PublicId.New(now), plan.Id, addon.Id, body.FromPlanPhase, body.MaxQuantity, Metadata.ToJson(body.Metadata ?? Metadata.None), now, now);
        await session.ExecuteAsync(InsertSql, row, cancellationToken);
        var view = row.ToView(addon);
        await AuditTrail.RecordAsync(session, new AuditEntry("plan_addon.create", view.Id, now, null, view), cancellationToken);
        return await session.CommitAsync(
            Results.Created($"/api/v1/plans/{PublicId.Format(plan.Id)}/addons/{view.Id}", view).WithTag(row.Tag), cancellationToken);
    }

    private static async Task<IResult> ListAsync(
        string planIdOrKey, PageRequest page, [FromQuery] string[]? id, [FromQuery] string[]? key, string? order, string? orderBy,
        HttpRequest request, MeteringDatabase database, IClock clock, CancellationToken cancellationToken)
    {
        if (SortOrder.TryRead(order, orderBy, Orders.Keys.ToDictionary(name => name), "created_at", "id", out _) is { } unknown)
        {
            return Problem.Invalid(unknown);
        }

        if (KeyVersions.TryRead(request.Query, out var versions) is { } unread)
        {
            return Problem.Invalid(unread);
        }

        await using var session = await database.OpenAsync(cancellationToken);
        if (await PlanRow.FindAsync(session, planIdOrKey, clock.GetCurrentInstant(), cancellationToken) is not { } plan)
        {
            return Problem.NotFound("plan", planIdOrKey);
        }

        var rows = await PlanAddonRow.OfPlanAsync(session, plan.Id, cancellationToken);
        var addons = await AddonRow.FindAllAsync(session, [.. rows.Select(row => row.AddonId)], cancellationToken);
        var found = rows.Select(row => row.ToView(addons[row.AddonId]))
            .Where(view => id is null or [] || id.Contains(view.Addon.Id, StringComparer.OrdinalIgnoreCase))
            .Where(view => key is null or [] || key.Contains(view.Addon.Key, StringComparer.Ordinal))
            .Where(view => versions.Admits(view.Addon.Key, view.Addon.Version))
            .OrderBy(Orders[orderBy ?? "created_at"]).ThenBy(view => view.Id, StringComparer.Ordinal).ToList();
        if (order == "DESC")
        {
            found.Reverse();
        }

        return Results.Ok(page.Of(found.Skip(page.Offset).Take(page.Size), found.Count));
    }

    private static async Task<IResult> GetAsync(
        string planIdOrKey, string planAddonId, MeteringDatabase database, IClock clock, CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(cancellationToken);
        var plan = await PlanRow.FindAsync(session, planIdOrKey, clock.GetCurrentInstant(), cancellationToken);
        return plan is null ? Problem.NotFound("plan", planIdOrKey)
            : await FindAsync(session, plan, planAddonId, cancellationToken) is var (row, addon) ? Results.Ok(row.ToView(addon)).WithTag(row.Tag)
            : Problem.NotFound("add-on of the plan", planAddonId);
    }

    private static async Task<IResult> ReplaceAsync(
        string planIdOrKey, string planAddonId, ReplacePlanAddonBody body, IfMatch ifMatch, MeteringDatabase database, IClock clock,
        CancellationToken cancellationToken)
    {
        var now = clock.GetCurrentInstant();
        await using var session = await database.BeginAsync(cancellationToken);
        if (await PlanRow.FindForChangeAsync(session, planIdOrKey, now, cancellationToken) is not { } plan)
        {
            return Problem.NotFound("plan", planIdOrKey);
        }

        if (await FindAsync(session, plan, planAddonId, cancellationToken) is not var (row, addon))
        {
            return Problem.NotFound("add-on of the plan", planAddonId);
        }

        if (ifMatch.Refuse(row.Tag) is { } stale)
        {
            return stale;
        }

        if (Check(plan, addon, body.FromPlanPhase, body.MaxQuantity, body.Metadata) is { Any: true } errors)
        {
            return errors.ToResult();
        }

        var after = row with
        {
            FromPlanPhase = body.FromPlanPhase, MaxQuantity = body.MaxQuantity, UpdatedAt = now,
            Metadata = Metadata.ToJson(body.Metadata ?? Metadata.None),
        };
        await session.ExecuteAsync(UpdateSql, after, cancellationToken);
        var view = after.ToView(addon);
        await AuditTrail.RecordAsync(session, new AuditEntry("plan_addon.replace", view.Id, now, row.ToView(addon), view), cancellationToken);
        return await session.CommitAsync(Results.Ok(view).WithTag(after.Tag), cancellationToken);
    }

    /// <summary>Who has the add-on keeps it.</summary>
    private static async Task<IResult> DeleteAsync(
        string planIdOrKey, string planAddonId, IfMatch ifMatch, MeteringDatabase database, IClock clock, CancellationToken cancellationToken)
    {
        var now = clock.GetCurrentInstant();
        await using var session = await database.BeginAsync(cancellationToken);
        if (await PlanRow.FindForChangeAsync(session, planIdOrKey, now, cancellationToken) is not { } plan)
        {
            return Problem.NotFound("plan", planIdOrKey);
        }

        if (await FindAsync(session, plan, planAddonId, cancellationToken) is not var (row, addon))
        {
            return Problem.NotFound("add-on of the plan", planAddonId);
        }

        if (ifMatch.Refuse(row.Tag) is { } stale)
        {
            return stale;
        }

        await session.ExecuteAsync("delete from subscriptions.plan_addon where id = @Id", new { row.Id }, cancellationToken);
        await AuditTrail.RecordAsync(
            session, new AuditEntry("plan_addon.delete", PublicId.Format(row.Id), now, row.ToView(addon), null), cancellationToken);
        await session.CommitAsync(cancellationToken);
        return Results.NoContent();
    }

    /// <summary>By its own id, or by id or key of the add-on: OpenMeter shows no id of its own.</summary>
    private static async Task<(PlanAddonRow Row, AddonRow Addon)?> FindAsync(
        DbSession session, PlanRow plan, string planAddonId, CancellationToken cancellationToken)
    {
        var rows = await PlanAddonRow.OfPlanAsync(session, plan.Id, cancellationToken);
        var addons = await AddonRow.FindAllAsync(session, [.. rows.Select(row => row.AddonId)], cancellationToken);
        var known = PublicId.TryParse(planAddonId, out var id);
        return rows.FirstOrDefault(row => (known && (row.Id == id || row.AddonId == id)) || addons[row.AddonId].Key == planAddonId) is { } row
            ? (row, addons[row.AddonId])
            : null;
    }

    private static FieldErrors Check(
        PlanRow plan, AddonRow addon, string fromPlanPhase, int? maxQuantity, ImmutableSortedDictionary<string, string>? metadata)
    {
        var errors = new FieldErrors();
        var phases = plan.PhaseBodies();
        errors.AddIf(
            phases.All(phase => phase.Key != fromPlanPhase), "/fromPlanPhase", "unknown_phase", "The plan has no phase with this key.");
        errors.AddIf(
            maxQuantity is < 1 or > AddonMerge.MaxQuantity, "/maxQuantity", "out_of_range", $"A quantity is 1 to {AddonMerge.MaxQuantity}.");
        errors.AddIf(
            addon.IsSingle && maxQuantity is not null, "/maxQuantity", "not_allowed", "An add-on of instance type single is had once or not at all.");
        errors.AddIf(
            addon.Currency != plan.Currency, "/addonId", "currency_mismatch", $"The add-on is in {addon.Currency} and the plan in {plan.Currency}.");
        Metadata.Check(metadata, "/metadata", errors);
        var plans = Cadence.Parse(plan.BillingCadence);
        errors.AddIf(
            addon.RateCardBodies().Select(card => card.BillingCadence).OfType<string>().Select(Cadence.Parse)
                .Any(cadence => !cadence.Divides(plans) && !plans.Divides(cadence)),
            "/addonId", "cadence_not_dividing",
            $"A cadence of the add-on does not divide the plan's {plan.BillingCadence}, nor the other way round.");
        foreach (var phase in phases.SkipWhile(phase => phase.Key != fromPlanPhase))
        {
            foreach (var card in addon.RateCardBodies())
            {
                if (AddonMerge.Refuse(phase.RateCards.FirstOrDefault(one => one.Key == card.Key), card, maxQuantity ?? 1) is { } reason)
                {
                    errors.Add("/addonId", "does_not_add_up", reason);
                }
            }
        }

        return errors;
    }

    private const string InsertSql = """
        insert into subscriptions.plan_addon (id, plan_id, addon_id, from_plan_phase, max_quantity, metadata, created_at, updated_at)
        values (@Id, @PlanId, @AddonId, @FromPlanPhase, @MaxQuantity, @Metadata::jsonb, @CreatedAt, @UpdatedAt)
        """;

    private const string UpdateSql = """
        update subscriptions.plan_addon
        set from_plan_phase = @FromPlanPhase, max_quantity = @MaxQuantity, metadata = @Metadata::jsonb, updated_at = @UpdatedAt
        where id = @Id
        """;

    private sealed record PlanAddonBody(
        string FromPlanPhase, string AddonId, int? MaxQuantity = null, ImmutableSortedDictionary<string, string>? Metadata = null);

    private sealed record ReplacePlanAddonBody(
        string FromPlanPhase, int? MaxQuantity = null, ImmutableSortedDictionary<string, string>? Metadata = null);
}
