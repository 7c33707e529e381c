using Metering.Ingest.Meters;
using Metering.Platform.Database;
using Metering.Platform.Http;
using Metering.Platform.Problems;
using Metering.Platform.Security;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;

namespace Metering.Subscriptions.Plans;

/// <summary><c>GET /api/v1/plans</c> (every version) and <c>/{planIdOrKey}</c>; a key means the version in force, or else the newest.</summary>
internal static class GetPlans
{
    private static readonly string[] Statuses = ["draft", "active", "archived"];

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/api/v1/plans", ListAsync).RequireScope(Scope.CatalogRead)
            .WithName("listPlans").WithSummary("List versions of plans").Produces<Page<PlanView>>();
        routes.MapGet("/api/v1/plans/{planIdOrKey}", GetAsync).RequireScope(Scope.CatalogRead)
            .WithName("getPlan").WithSummary("Read a version of a plan").Produces<PlanView>();
    }

    private static async Task<IResult> GetAsync(
        string planIdOrKey, MeteringDatabase database, MeterCatalog meters, CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(cancellationToken);
        return await PlanRow.FindAsync(session, planIdOrKey, cancellationToken) is { } row
            ? Results.Ok(await PlanView.OfAsync(row, session, meters, cancellationToken)).WithTag(row.Tag)
            : Problem.NotFound("plan", planIdOrKey);
    }

    private static async Task<IResult> ListAsync(
        PageRequest page, [FromQuery] string[]? key, [FromQuery] string[]? status, MeteringDatabase database, MeterCatalog meters,
        CancellationToken cancellationToken)
    {
        if (status?.FirstOrDefault(one => !Statuses.Contains(one)) is not null)
        {
            return Problem.Invalid("?status", "unknown_status", "A status is one of " + string.Join(", ", Statuses) + ".");
        }

        var filter = new { key = key ?? [], status = status ?? [] };
        await using var session = await database.OpenAsync(cancellationToken);
        var (rows, total) = await Page.RowsAsync<PlanRow>(session, page, ListSql, CountSql, filter, cancellationToken);
        return Results.Ok(page.Of(await PlanView.OfAsync(rows, session, meters, cancellationToken), total));
    }

    private const string FilterSql = """

        where (cardinality(@key) = 0 or key = any(@key))
          and (cardinality(@status) = 0
            or case when effective_from is null then 'draft' when effective_to is null then 'active' else 'archived' end = any(@status))
        """;

    private const string ListSql = PlanRow.SelectSql + FilterSql + """

        order by key, version
        """;

    private const string CountSql = "select count(*) from subscriptions.plan" + FilterSql;
}
