using Metering.Ingest.Meters;
using Metering.Platform.Auditing;
using Metering.Platform.Database;
using Metering.Platform.Http;
using Metering.Platform.Identifiers;
using Metering.Platform.Problems;
using Metering.Platform.Security;
using Metering.Subscriptions.Plans;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using NodaTime;

namespace Metering.Subscriptions.Addons;

/// <summary>
/// <c>POST /api/v1/addons/{addonId}/publish</c>: the draft is in force and the version that was is archived. <c>…/archive</c>: nobody can buy it
/// any more; who has it keeps it. <c>DELETE</c>: a draft that was never published is gone.
/// </summary>
internal static class PublishAddon
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPost("/api/v1/addons/{addonId}/publish", PublishAsync).RequireScope(Scope.CatalogWrite).Audited("addon.publish")
            .WithName("publishAddon").WithSummary("Put a draft in force").Produces<AddonView>();
        routes.MapPost("/api/v1/addons/{addonId}/archive", ArchiveAsync).RequireScope(Scope.CatalogWrite).Audited("addon.archive")
            .WithName("archiveAddon").WithSummary("Take a version out of sale").Produces<AddonView>();
        routes.MapDelete("/api/v1/addons/{addonId}", DeleteAsync).RequireScope(Scope.CatalogWrite).Audited("addon.delete")
            .WithName("deleteAddon").WithSummary("Delete a draft").Produces(204);
    }

    private static async Task<IResult> PublishAsync(
        string addonId, IfMatch ifMatch, MeteringDatabase database, MeterCatalog meters, IClock clock, CancellationToken cancellationToken)
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
            return Problem.Of(ProblemType.Conflict, $"Version {row.Version} is {row.Status}; only a draft can be published.");
        }

        // A feature may have been archived since the draft was written.
        var addon = row.ToBody();
        if (addon.Check(await MeteredFeature.OfAsync([addon.AsPlan()], session, meters, cancellationToken), isForSale: true) is { Any: true } errors)
        {
            return errors.ToResult();
        }

        var now = clock.GetCurrentInstant();
        if (await AddonRow.FindInForceAsync(session, row.Key, cancellationToken) is { } previous)
        {
            await EndAsync(session, previous, now, cancellationToken);
        }

        await session.ExecuteAsync(PublishSql, new { row.Id, now }, cancellationToken);
        var after = row with { EffectiveFrom = now, UpdatedAt = now };
        var view = after.ToView();
        await AuditTrail.RecordAsync(session, new AuditEntry("addon.publish", view.Id, now, row.ToView(), view), cancellationToken);
        return await session.CommitAsync(Results.Ok(view).WithTag(after.Tag), cancellationToken);
    }

    private static async Task<IResult> ArchiveAsync(
        string addonId, IfMatch ifMatch, MeteringDatabase database, IClock clock, CancellationToken cancellationToken)
    {
        await using var session = await database.BeginAsync(cancellationToken);
        if (await AddonRow.FindAsync(session, addonId, latest: false, cancellationToken) is not { } found)
        {
            return Problem.NotFound("add-on", addonId);
        }

        await AddonRow.LockKeyAsync(session, found.Key, cancellationToken);
        var row = (await AddonRow.FindAsync(session, found.Id, cancellationToken))!;
        if (ifMatch.Refuse(row.Tag) is { } stale)
        {
            return stale;
        }

        if (!row.IsActive)
        {
            return Problem.Of(ProblemType.Conflict, $"Version {row.Version} is {row.Status}; only a version in force can be archived.");
        }

        var after = await EndAsync(session, row, clock.GetCurrentInstant(), cancellationToken);
        return await session.CommitAsync(Results.Ok(after.ToView()).WithTag(after.Tag), cancellationToken);
    }

    private static async Task<IResult> DeleteAsync(
        string addonId, IfMatch ifMatch, MeteringDatabase database, IClock clock, CancellationToken cancellationToken)
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
            return Problem.Of(ProblemType.Conflict, $"Version {row.Version} is {row.Status}; only a draft can be deleted. Archive it instead.");
        }

        await session.ExecuteAsync("delete from subscriptions.addon where id = @Id", new { row.Id }, cancellationToken);
        await AuditTrail.RecordAsync(
            session, new AuditEntry("addon.delete", PublicId.Format(row.Id), clock.GetCurrentInstant(), row.ToView(), null), cancellationToken);
        await session.CommitAsync(cancellationToken);
        return Results.NoContent();
    }

    private static async Task<AddonRow> EndAsync(DbSession session, AddonRow row, Instant now, CancellationToken cancellationToken)
    {
        await session.ExecuteAsync(ArchiveSql, new { row.Id, now }, cancellationToken);
        var after = row with { EffectiveTo = now, UpdatedAt = now };
        await AuditTrail.RecordAsync(
            session, new AuditEntry("addon.archive", PublicId.Format(row.Id), now, row.ToView(), after.ToView()), cancellationToken);
        return after;
    }

    private const string PublishSql = """
        update subscriptions.addon
        set effective_from = @now, updated_at = @now
        where id = @Id
        """;

    private const string ArchiveSql = "update subscriptions.addon set effective_to = @now, updated_at = @now where id = @Id";
}
