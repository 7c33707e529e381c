using Metering.Platform.Auditing;
using Metering.Platform.Database;
using Metering.Platform.Http;
using Metering.Platform.Problems;
using Metering.Platform.Security;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using NodaTime;

namespace Metering.Subscriptions.Features;

/// <summary>
/// <c>DELETE /api/v1/features/{idOrKey}</c>: new plans can no longer name it and its key is free again. Subscriptions that have it keep it.
/// </summary>
internal static class ArchiveFeature
{
    public static void Map(IEndpointRouteBuilder routes) =>
        routes.MapDelete("/api/v1/features/{idOrKey}", ArchiveAsync).RequireScope(Scope.CatalogWrite).Audited("feature.archive")
            .WithName("deleteFeature").WithSummary("Archive a feature").Produces(204);

    private static async Task<IResult> ArchiveAsync(
        string idOrKey, IfMatch ifMatch, MeteringDatabase database, IClock clock, CancellationToken cancellationToken)
    {
        await using var session = await database.BeginAsync(cancellationToken);
        if (await FeatureRow.FindForChangeAsync(session, idOrKey, cancellationToken) is not { } feature)
        {
            return Problem.NotFound("feature", idOrKey);
        }

        if (ifMatch.Refuse(feature.Tag) is { } stale)
        {
            return stale;
        }

        if (feature.ArchivedAt is not null)
        {
            return Results.NoContent();
        }

        var now = clock.GetCurrentInstant();
        await session.ExecuteAsync(ArchiveSql, new { feature.Id, now }, cancellationToken);
        var (before, after) = (feature.ToView(), (feature with { ArchivedAt = now, UpdatedAt = now }).ToView());
        await AuditTrail.RecordAsync(session, new AuditEntry("feature.archive", before.Id, now, before, after), cancellationToken);
        await session.CommitAsync(cancellationToken);
        return Results.NoContent();
    }

    private const string ArchiveSql = """
        update subscriptions.feature
        set archived_at = @now, updated_at = @now
        where id = @Id
        """;
}
