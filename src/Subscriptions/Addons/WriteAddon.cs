using System.Collections.Immutable;
using Metering.Ingest.Meters;
using Metering.Platform.Auditing;
using Metering.Platform.Database;
using Metering.Platform.Http;
using Metering.Platform.Identifiers;
using Metering.Platform.OpenApi;
using Metering.Platform.Problems;
using Metering.Platform.Security;
using Metering.Subscriptions.Plans;
using Metering.Subscriptions.Wire;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using NodaTime;

namespace Metering.Subscriptions.Addons;

/// <summary>
/// <c>POST /api/v1/addons</c>: a draft; under a key that exists it is the next version. <c>PUT /api/v1/addons/{addonId}</c>: rewrites a draft. A
/// key has one draft at a time; what was published stays as it is.
/// </summary>
internal static class WriteAddon
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPost("/api/v1/addons", CreateAsync).RequireScope(Scope.CatalogWrite).Audited("addon.create")
            .WithName("createAddon").WithSummary("Create a draft of an add-on").Produces<AddonView>(201)
            .WithExample(
                """
                {"key":"seats","name":"Seats","currency":"USD","instanceType":"multiple","rateCards":[
                 {"type":"flat_fee","key":"seats","name":"Seats","billingCadence":"P1M",
                 "price":{"type":"flat","amount":"5","paymentTerm":"in_advance"}}]}
                """);
        routes.MapPut("/api/v1/addons/{addonId}", ReplaceAsync).RequireScope(Scope.CatalogWrite).Audited("addon.replace")
            .WithName("updateAddon").WithSummary("Rewrite a draft").Produces<AddonView>()
            .WithExample(
                """
                {"name":"Seats","instanceType":"multiple","rateCards":[
                 {"type":"flat_fee","key":"seats","name":"Seats","billingCadence":"P1M",
                 "price":{"type":"flat","amount":"5","paymentTerm":"in_advance"}}]}
                """);
    }

    private static async Task<IResult> CreateAsync(
        AddonBody body, MeteringDatabase database, MeterCatalog meters, IClock clock, CancellationToken cancellationToken)
    {
        await using var session = await database.BeginAsync(cancellationToken);
        if (body.Check(await MeteredFeature.OfAsync([body.AsPlan()], session, meters, cancellationToken), isForSale: false) is { Any: true } errors)
        {
            return errors.ToResult();
        }

        await AddonRow.LockKeyAsync(session, body.Key, cancellationToken);
        var (latest, hasDraft) = await session.SingleAsync<(int, bool)>(VersionsSql, new { body.Key }, cancellationToken);
        if (hasDraft)
        {
            return Problem.Of(
                ProblemType.AlreadyExists, "The add-on has a draft already; change or delete that.",
                new FieldError("/key", "draft_exists", "The add-on has a draft already; change or delete that."));
        }

        var now = clock.GetCurrentInstant();
        var row = new AddonRow(
            PublicId.New(now), body.Key, latest + 1, body.Name, body.Description, body.Currency, body.InstanceType,
            Metadata.ToJson(body.RateCards), Metadata.ToJson(body.Metadata ?? Metadata.None), null, null, now, now);
        await session.ExecuteAsync(InsertSql, row, cancellationToken);
        var view = row.ToView();
        await AuditTrail.RecordAsync(session, new AuditEntry("addon.create", view.Id, now, null, view), cancellationToken);
        return await session.CommitAsync(Results.Created($"/api/v1/addons/{view.Id}", view).WithTag(row.Tag), cancellationToken);
    }

    private static async Task<IResult> ReplaceAsync(
        string addonId, ReplaceAddonBody body, IfMatch ifMatch, MeteringDatabase database, MeterCatalog meters, IClock clock,
        CancellationToken cancellationToken)
    {
        await using var session = await database.BeginAsync(cancellationToken);
        if (await AddonRow.FindForChangeAsync(session, addonId, cancellationToken) is not { } row)
        {
            return Problem.NotFound("add-on", addonId);
        }

        if (ifMatch.Refuse(row.Tag) is { } stale)
        {
            return stale;
        }

        if (!row.IsDraft)
        {
            return Problem.Of(ProblemType.Conflict, $"Version {row.Version} is {row.Status}; only a draft can be changed. Create the next version.");
        }

        var addon = new AddonBody(body.Name, row.Key, body.InstanceType, row.Currency, body.RateCards, body.Description, body.Metadata);
        if (addon.Check(await MeteredFeature.OfAsync([addon.AsPlan()], session, meters, cancellationToken), isForSale: false) is { Any: true } errors)
        {
            return errors.ToResult();
        }

        var after = row with
        {
            Name = addon.Name, Description = addon.Description, InstanceType = addon.InstanceType, RateCards = Metadata.ToJson(addon.RateCards),
            Metadata = Metadata.ToJson(addon.Metadata ?? Metadata.None), UpdatedAt = clock.GetCurrentInstant(),
        };
        await session.ExecuteAsync(UpdateSql, after, cancellationToken);
        var view = after.ToView();
        await AuditTrail.RecordAsync(session, new AuditEntry("addon.replace", view.Id, after.UpdatedAt, row.ToView(), view), cancellationToken);
        return await session.CommitAsync(Results.Ok(view).WithTag(after.Tag), cancellationToken);
    }

    private const string VersionsSql = """
        select coalesce(max(version), 0), coalesce(bool_or(effective_from is null), false)
        from subscriptions.addon
        where key = @Key
        """;

    private const string InsertSql = """
        insert into subscriptions.addon
            (id, key, version, name, description, currency, instance_type, rate_cards, metadata, created_at, updated_at)
        values
            (@Id, @Key, @Version, @Name, @Description, @Currency, @InstanceType, @RateCards::jsonb, @Metadata::jsonb, @CreatedAt, @UpdatedAt)
        """;

    private const string UpdateSql = """
        update subscriptions.addon
        set name = @Name,
            description = @Description,
            instance_type = @InstanceType,
            rate_cards = @RateCards::jsonb,
            metadata = @Metadata::jsonb,
            updated_at = @UpdatedAt
        where id = @Id
        """;

    private sealed record ReplaceAddonBody(
        string Name,
        string InstanceType,
        ImmutableArray<RateCardBody> RateCards,
        string? Description = null,
        ImmutableSortedDictionary<string, string>? Metadata = null);
}
