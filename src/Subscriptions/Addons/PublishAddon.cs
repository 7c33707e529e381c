using Metering.Platform.Database;
using Metering.Platform.Problems;
using Metering.Platform.Security;
using Metering.Subscriptions.Features;
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
        routes.MapPost("/api/v1/addons/{addonId}/publish", PublishAsync).RequireScope(Scope.CatalogWrite);
        routes.MapPost("/api/v1/addons/{addonId}/archive", ArchiveAsync).RequireScope(Scope.CatalogWrite);
        routes.MapDelete("/api/v1/addons/{addonId}", DeleteAsync).RequireScope(Scope.CatalogWrite);
    }

    private static async Task<IResult> PublishAsync(string addonId, MeteringDatabase database, IClock clock, CancellationToken cancellationToken)
    {
        await using var session = await database.BeginAsync(cancellationToken);
        if (await AddonRow.FindForChangeAsync(session, addonId, cancellationToken) is not { } row)
        {
            return Problem.NotFound("add-on", addonId);
        }

        if (!row.IsDraft)
        {
            return Problem.Of(ProblemType.Conflict, $"Version {row.Version} is {row.Status}; only a draft can be published.");
        }

        // A feature may have been archived since the draft was written.
        var addon = row.ToBody();
        if (addon.Check(await FeatureRow.FindAllAsync(session, addon.FeatureKeys(), cancellationToken)) is { Any: true } errors)
        {
            return errors.ToResult();
        }

        return await ChangeAsync(session, PublishSql, row, clock.GetCurrentInstant(), cancellationToken);
    }

    private static async Task<IResult> ArchiveAsync(string addonId, MeteringDatabase database, IClock clock, CancellationToken cancellationToken)
    {
        await using var session = await database.BeginAsync(cancellationToken);
        if (await AddonRow.FindAsync(session, addonId, latest: false, cancellationToken) is not { } found)
        {
            return Problem.NotFound("add-on", addonId);
        }

        await AddonRow.LockKeyAsync(session, found.Key, cancellationToken);
        var row = (await AddonRow.FindAsync(session, found.Id, cancellationToken))!;
        return row.IsActive
            ? await ChangeAsync(session, ArchiveSql, row, clock.GetCurrentInstant(), cancellationToken)
            : Problem.Of(ProblemType.Conflict, $"Version {row.Version} is {row.Status}; only a version in force can be archived.");
    }

    private static async Task<IResult> DeleteAsync(string addonId, MeteringDatabase database, CancellationToken cancellationToken)
    {
        await using var session = await database.BeginAsync(cancellationToken);
        if (await AddonRow.FindForChangeAsync(session, addonId, cancellationToken) is not { } row)
        {
            return Problem.NotFound("add-on", addonId);
        }

        if (!row.IsDraft)
        {
            return Problem.Of(ProblemType.Conflict, $"Version {row.Version} is {row.Status}; only a draft can be deleted. Archive it instead.");
        }

        await session.ExecuteAsync("delete from subscriptions.addon where id = @Id", new { row.Id }, cancellationToken);
        await session.CommitAsync(cancellationToken);
        return Results.NoContent();
    }

    private static async Task<IResult> ChangeAsync(DbSession session, string sql, AddonRow row, Instant now, CancellationToken cancellationToken)
    {
        await session.ExecuteAsync(sql, new { row.Id, row.Key, now }, cancellationToken);
        var after = await AddonRow.FindAsync(session, row.Id, cancellationToken);
        await session.CommitAsync(cancellationToken);
        return Results.Ok(after!.ToView());
    }

    private const string PublishSql = """
        update subscriptions.addon
        set effective_to = @now, updated_at = @now
        where key = @Key and effective_from is not null and effective_to is null;
        update subscriptions.addon
        set effective_from = @now, updated_at = @now
        where id = @Id
        """;

    private const string ArchiveSql = "update subscriptions.addon set effective_to = @now, updated_at = @now where id = @Id";
}
