using Metering.Platform.Database;
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
        routes.MapDelete("/api/v1/features/{idOrKey}", ArchiveAsync).RequireScope(Scope.CatalogWrite);

    private static async Task<IResult> ArchiveAsync(string idOrKey, MeteringDatabase database, IClock clock, CancellationToken cancellationToken)
    {
        await using var session = await database.BeginAsync(cancellationToken);
        if (await FeatureRow.FindAsync(session, idOrKey, cancellationToken) is not { } feature)
        {
            return Problem.NotFound("feature", idOrKey);
        }

        await session.ExecuteAsync(ArchiveSql, new { feature.Id, now = clock.GetCurrentInstant() }, cancellationToken);
        await session.CommitAsync(cancellationToken);
        return Results.NoContent();
    }

    private const string ArchiveSql = """
        update subscriptions.feature
        set archived_at = @now, updated_at = @now
        where id = @Id and archived_at is null
        """;
}
