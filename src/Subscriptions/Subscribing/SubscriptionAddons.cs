using System.Collections.Immutable;
using Metering.Ingest.Meters;
using Metering.Platform.Auditing;
using Metering.Platform.Database;
using Metering.Platform.Http;
using Metering.Platform.Identifiers;
using Metering.Platform.Problems;
using Metering.Platform.Security;
using Metering.Subscriptions.Addons;
using Metering.Subscriptions.Entitlements;
using Metering.Subscriptions.Plans;
using Metering.Subscriptions.Subscribing.Spec;
using Metering.Subscriptions.Wire;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using NodaTime;

namespace Metering.Subscriptions.Subscribing;

/// <summary>
/// <c>/api/v1/subscriptions/{id}/addons</c>: add-ons that a subscription has, and how many of each when. A change of quantity replaces what was
/// scheduled from its instant on.
/// </summary>
internal static class SubscriptionAddons
{
    private const string Path = "/api/v1/subscriptions/{id}/addons";

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPost(Path, AddAsync).RequireScope(Scope.CustomersWrite).Audited("subscription.addon_add")
            .WithName("createSubscriptionAddon").WithSummary("Add an add-on to a subscription").Produces<SubscriptionAddonView>(201)
            .WithTags("Subscriptions");
        routes.MapGet(Path, ListAsync).RequireScope(Scope.CustomersRead)
            .WithName("listSubscriptionAddons").WithSummary("List the add-ons of a subscription")
            .Produces<IReadOnlyList<SubscriptionAddonView>>().WithTags("Subscriptions");
        routes.MapGet(Path + "/{subscriptionAddonId}", GetAsync).RequireScope(Scope.CustomersRead)
            .WithName("getSubscriptionAddon").WithSummary("Read an add-on of a subscription").Produces<SubscriptionAddonView>()
            .WithTags("Subscriptions");
        routes.MapPatch(Path + "/{subscriptionAddonId}", ChangeAsync).RequireScope(Scope.CustomersWrite).Audited("subscription.addon_change")
            .WithName("updateSubscriptionAddon").WithSummary("Change how many of an add-on a subscription has")
            .Produces<SubscriptionAddonView>().WithTags("Subscriptions");
    }

    private static async Task<IResult> AddAsync(
        string id, AddAddonBody body, MeteringDatabase database, MeterCatalog meters, EntitlementSync entitlements, IClock clock,
        CancellationToken cancellationToken)
    {
        if (Check(body.Name, body.Description, body.Quantity, 1, body.Metadata) is { Any: true } errors)
        {
            return errors.ToResult();
        }

        var now = clock.GetCurrentInstant();
        await using var session = await database.BeginAsync(cancellationToken);
        if (await SubscriptionRow.FindForChangeAsync(session, id, cancellationToken) is not { } row)
        {
            return Problem.NotFound("subscription", id);
        }

        if (await AddonRow.FindAsync(session, body.Addon.Id, latest: false, cancellationToken) is not { } addon)
        {
            return Problem.Of(
                ProblemType.NotFound, "There is no such add-on.", new FieldError("/addon/id", "unknown_addon", "There is no such add-on."));
        }

        var offers = row.PlanId is { } planId ? await PlanAddonRow.OfPlanAsync(session, planId, cancellationToken) : [];
        if (offers.FirstOrDefault(one => one.AddonId == addon.Id) is not { } offer)
        {
            return Problem.Invalid("/addon/id", "not_offered", "The add-on can not be had with the plan of the subscription.");
        }

        var had = await SubscriptionAddonRow.OfAsync(session, row.Id, cancellationToken);
        if (RefuseOffer(addon, offer, body.Quantity, had) is { } refusal)
        {
            return refusal;
        }

        if (SubscriptionChanges.TryResolve(row, body.Timing, now, out var at) is { } untimely)
        {
            return untimely;
        }

        var added = new SubscriptionAddonRow(
            PublicId.New(now), row.Id, addon.Id, body.Name, body.Description, Metadata.ToJson(body.Metadata ?? Metadata.None), now, now);
        var cards = addon.RateCardBodies();
        var features = await MeteredFeature.OfAsync([addon.ToBody().AsPlan()], session, meters, cancellationToken);
        var sold = new SpecAddon(
            added.Id, offer.FromPlanPhase,
            [.. cards.Select(card => new BoundCard(card, card.FeatureKey is { } key ? features.GetValueOrDefault(key)?.Row.Id : null))],
            [new AddonSegment(at, null, body.Quantity)]);
        await session.ExecuteAsync(InsertSql, added, cancellationToken);
        return await SaveAsync(session, entitlements, row, null, added, addon, sold, now, cancellationToken);
    }

    private static async Task<IResult> ChangeAsync(
        string id, string subscriptionAddonId, ChangeAddonBody body, IfMatch ifMatch, MeteringDatabase database, EntitlementSync entitlements,
        IClock clock, CancellationToken cancellationToken)
    {
        if (Check(body.Name, body.Description, body.Quantity, 0, body.Metadata) is { Any: true } errors)
        {
            return errors.ToResult();
        }

        var now = clock.GetCurrentInstant();
        await using var session = await database.BeginAsync(cancellationToken);
        if (await SubscriptionRow.FindForChangeAsync(session, id, cancellationToken) is not { } row)
        {
            return Problem.NotFound("subscription", id);
        }

        if (await FindAsync(session, row, subscriptionAddonId, cancellationToken) is not { } before)
        {
            return Problem.NotFound("add-on of the subscription", subscriptionAddonId);
        }

        var spec = await SubscriptionVersions.LatestAsync(session, row.Id, cancellationToken);
        if (ifMatch.Refuse(before.TagIn(spec)) is { } stale)
        {
            return stale;
        }

        var addon = (await AddonRow.FindAsync(session, before.AddonId, cancellationToken))!;
        var sold = spec.Addons.Single(one => one.Id == before.Id);
        if (SubscriptionChanges.TryResolve(row, body.Timing, now, out var at) is { } untimely)
        {
            return untimely;
        }

        var offers = row.PlanId is { } planId ? await PlanAddonRow.OfPlanAsync(session, planId, cancellationToken) : [];
        if (body.Quantity is { } quantity)
        {
            if (RefuseQuantity(addon, offers.FirstOrDefault(one => one.AddonId == addon.Id), quantity) is { } refusal)
            {
                return refusal;
            }

            sold = sold.WithQuantity(quantity, at);
        }

        var after = before with
        {
            Name = body.Name ?? before.Name, Description = body.Description ?? before.Description, UpdatedAt = now,
            Metadata = body.Metadata is null ? before.Metadata : Metadata.ToJson(body.Metadata),
        };
        await session.ExecuteAsync(UpdateSql, after, cancellationToken);
        return await SaveAsync(session, entitlements, row, before, after, addon, sold, now, cancellationToken);
    }

    private static async Task<IResult> SaveAsync(
        DbSession session, EntitlementSync entitlements, SubscriptionRow row, SubscriptionAddonRow? before, SubscriptionAddonRow after,
        AddonRow addon, SpecAddon sold, Instant now, CancellationToken cancellationToken)
    {
        var spec = await SubscriptionVersions.LatestAsync(session, row.Id, cancellationToken);
        var outcome = spec.With(sold, now, () => PublicId.New(now));
        if (outcome.Refusal is { } refusal)
        {
            return SubscriptionChanges.Refused(refusal, "");
        }

        var changed = outcome.Spec!;
        await SubscriptionWriting.EditAsync(session, row, changed, before is null ? "addon_added" : "addon_changed", now, cancellationToken);
        if (await SubscriptionWriting.EntitleAsync(session, entitlements, row.CustomerId, now, cancellationToken) is { } refused)
        {
            return refused;
        }

        var view = after.ToView(addon, changed, now);
        var action = before is null ? "subscription.addon_add" : "subscription.addon_change";
        await AuditTrail.RecordAsync(
            session, new AuditEntry(action, PublicId.Format(row.Id), now, before?.ToView(addon, spec, now), view), cancellationToken);
        var answer = before is null
            ? Results.Created($"/api/v1/subscriptions/{PublicId.Format(row.Id)}/addons/{view.Id}", view)
            : Results.Ok(view);
        return await session.CommitAsync(answer.WithTag(after.TagIn(changed)), cancellationToken);
    }

    private static async Task<IResult> ListAsync(string id, MeteringDatabase database, IClock clock, CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(cancellationToken);
        return PublicId.TryParse(id, out var guid) && await SubscriptionRow.FindAsync(session, guid, cancellationToken) is { } row
            ? Results.Ok(await ViewsAsync(session, row, clock.GetCurrentInstant(), cancellationToken))
            : Problem.NotFound("subscription", id);
    }

    private static async Task<IResult> GetAsync(
        string id, string subscriptionAddonId, MeteringDatabase database, IClock clock, CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(cancellationToken);
        if (!PublicId.TryParse(id, out var guid) || await SubscriptionRow.FindAsync(session, guid, cancellationToken) is not { } row)
        {
            return Problem.NotFound("subscription", id);
        }

        if (await FindAsync(session, row, subscriptionAddonId, cancellationToken) is not { } found)
        {
            return Problem.NotFound("add-on of the subscription", subscriptionAddonId);
        }

        var spec = await SubscriptionVersions.LatestAsync(session, row.Id, cancellationToken);
        var addon = (await AddonRow.FindAsync(session, found.AddonId, cancellationToken))!;
        return Results.Ok(found.ToView(addon, spec, clock.GetCurrentInstant())).WithTag(found.TagIn(spec));
    }

    private static async Task<ImmutableArray<SubscriptionAddonView>> ViewsAsync(
        DbSession session, SubscriptionRow row, Instant now, CancellationToken cancellationToken)
    {
        var spec = await SubscriptionVersions.LatestAsync(session, row.Id, cancellationToken);
        var rows = await SubscriptionAddonRow.OfAsync(session, row.Id, cancellationToken);
        var addons = await AddonRow.FindAllAsync(session, [.. rows.Select(one => one.AddonId)], cancellationToken);
        return [.. rows.Select(one => one.ToView(addons[one.AddonId], spec, now))];
    }

    private static async Task<SubscriptionAddonRow?> FindAsync(
        DbSession session, SubscriptionRow row, string subscriptionAddonId, CancellationToken cancellationToken) =>
        (await SubscriptionAddonRow.OfAsync(session, row.Id, cancellationToken))
        .FirstOrDefault(one => PublicId.TryParse(subscriptionAddonId, out var id) && one.Id == id);

    private static IResult? RefuseOffer(AddonRow addon, PlanAddonRow offer, int quantity, IReadOnlyList<SubscriptionAddonRow> had) =>
        !addon.IsActive
            ? Problem.Of(ProblemType.Conflict, $"Version {addon.Version} of the add-on is {addon.Status}; only the version in force can be bought.")
            : had.Any(one => one.AddonId == addon.Id) || had.Count >= SubscriptionSpec.MaxAddons
            ? Problem.Of(
                ProblemType.AlreadyExists, "The subscription has this add-on already; change its quantity.",
                new FieldError("/addon/id", "taken", "The subscription has this add-on already; change its quantity."))
            : RefuseQuantity(addon, offer, quantity);

    private static IResult? RefuseQuantity(AddonRow addon, PlanAddonRow? offer, int quantity) =>
        addon.IsSingle && quantity > 1
            ? Problem.Invalid("/quantity", "out_of_range", "An add-on of instance type single is had once or not at all.")
            : quantity > offer?.MaxQuantity
            ? Problem.Invalid("/quantity", "out_of_range", $"At most {offer.MaxQuantity} can be had with the plan.")
            : null;

    private static FieldErrors Check(
        string? name, string? description, int? quantity, int least, ImmutableSortedDictionary<string, string>? metadata)
    {
        var errors = new FieldErrors();
        if (name is not null)
        {
            Texts.Name(name, "/name", errors);
        }

        Texts.Description(description, "/description", errors);
        Metadata.Check(metadata, "/metadata", errors);
        errors.AddIf(
            quantity < least || quantity > AddonMerge.MaxQuantity, "/quantity", "out_of_range",
            $"A quantity is {least} to {AddonMerge.MaxQuantity}.");
        return errors;
    }

    private const string InsertSql = """
        insert into subscriptions.subscription_addon (id, subscription_id, addon_id, name, description, metadata, created_at, updated_at)
        values (@Id, @SubscriptionId, @AddonId, @Name, @Description, @Metadata::jsonb, @CreatedAt, @UpdatedAt)
        """;

    private const string UpdateSql = """
        update subscriptions.subscription_addon
        set name = @Name, description = @Description, metadata = @Metadata::jsonb, updated_at = @UpdatedAt
        where id = @Id
        """;

    private sealed record AddAddonBody(
        string Name,
        int Quantity,
        string Timing,
        AddonToAdd Addon,
        string? Description = null,
        ImmutableSortedDictionary<string, string>? Metadata = null);

    /// <param name="Id">Or the key.</param>
    private sealed record AddonToAdd(string Id);

    private sealed record ChangeAddonBody(
        string? Name = null,
        string? Description = null,
        int? Quantity = null,
        string? Timing = null,
        ImmutableSortedDictionary<string, string>? Metadata = null);
}
