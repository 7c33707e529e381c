using Metering.Platform.Database;
using Metering.Platform.Http;
using Metering.Platform.Problems;
using Metering.Platform.Security;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Metering.Ingest.Backfills;

/// <summary><c>GET /api/v1/events/backfills</c>, latest first, and <c>GET …/{id}</c>: what they hold and how far they are.</summary>
internal static class ReadBackfills
{
    public static void MapReadBackfills(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/api/v1/events/backfills", ListAsync).RequireScope(Scope.UsageRead)
            .WithName("listBackfills").WithSummary("List backfills of events").Produces<Page<BackfillView>>();
        routes.MapGet("/api/v1/events/backfills/{id}", GetAsync).RequireScope(Scope.UsageRead)
            .WithName("getBackfill").WithSummary("Read a backfill and its progress").Produces<BackfillView>();
    }

    private static Task<IResult> ListAsync(PageRequest page, MeteringDatabase database, CancellationToken cancellationToken) =>
        Page.OfAsync(
            database, page, ListSql, "select count(*) from ingest.backfill", null, (BackfillRow row) => row.ToView(), cancellationToken);

    private static async Task<IResult> GetAsync(string id, MeteringDatabase database, CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(cancellationToken);
        return await BackfillRow.FindAsync(session, id, cancellationToken) is { } row ? Results.Ok(row.ToView()) : Problem.NotFound("backfill", id);
    }

    private const string ListSql = $"""
        select {BackfillRow.Columns}
        from ingest.backfill
        order by number desc
        """;
}
