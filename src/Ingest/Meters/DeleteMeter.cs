using Metering.Ingest.Rollups;
using Metering.Platform.Auditing;
using Metering.Platform.Database;
using Metering.Platform.Http;
using Metering.Platform.Problems;
using Metering.Platform.Security;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using NodaTime;

namespace Metering.Ingest.Meters;

/// <summary><c>DELETE /api/v1/meters/{idOrSlug}</c>: the meter counts nothing more. Its events stay, and a new meter can count them.</summary>
internal static class DeleteMeter
{
    public static void MapDeleteMeter(this IEndpointRouteBuilder routes) =>
        routes.MapDelete("/api/v1/meters/{idOrSlug}", DeleteAsync).RequireScope(Scope.CatalogWrite).Audited("meter.delete")
            .WithName("deleteMeter").WithSummary("Delete a meter").Produces(204);

    private static async Task<IResult> DeleteAsync(
        string idOrSlug, IfMatch ifMatch, MeteringDatabase database, IClock clock, CancellationToken cancellationToken)
    {
        await using var session = await database.BeginAsync(cancellationToken);
        await MeterBackfill.StandStillAsync(session, cancellationToken);
        if (await MeterCatalog.FindAsync(idOrSlug, session, cancellationToken) is not { } meter)
        {
            return Problem.NotFound("meter", idOrSlug);
        }

        var shown = MeterResponse.Of(meter);
        if (ifMatch.Refuse(shown.Tag) is { } stale)
        {
            return stale;
        }

        var now = clock.GetCurrentInstant();
        await session.ExecuteAsync(DeleteSql, new { meter.Id, now }, cancellationToken);
        await session.ExecuteAsync(MeterVersion.MoveSql, null, cancellationToken);
        await AuditTrail.RecordAsync(session, new AuditEntry("meter.delete", shown.Id, now, shown, null), cancellationToken);
        await session.CommitAsync(cancellationToken);
        return Results.NoContent();
    }

    private const string DeleteSql = """
        update ingest.meter
        set deleted_at = @now, updated_at = @now
        where id = @Id
        """;
}
