using Metering.Platform.Database;
using Metering.Platform.Http;
using Metering.Platform.Problems;
using Metering.Platform.Security;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;
using NodaTime;

namespace Metering.Subscriptions.Plans;

/// <summary><c>GET /api/v1/plans</c> (every version) and <c>/{planIdOrKey}</c>; a key means the version in force, or else the newest.</summary>
internal static class GetPlans
{
    private static readonly string[] Statuses = ["draft", "scheduled", "active", "archived"];

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/api/v1/plans", ListAsync).RequireScope(Scope.CatalogRead);
        routes.MapGet("/api/v1/plans/{planIdOrKey}", GetAsync).RequireScope(Scope.CatalogRead);
    }

    private static async Task<IResult> GetAsync(string planIdOrKey, MeteringDatabase database, IClock clock, CancellationToken cancellationToken)
    {
        var now = clock.GetCurrentInstant();
        await using var session = await database.OpenAsync(cancellationToken);
        return await PlanRow.FindAsync(session, planIdOrKey, now, cancellationToken) is { } row
            ? Results.Ok(row.ToView(now)).WithTag(row.Tag)
            : Problem.NotFound("plan", planIdOrKey);
    }

    private static async Task<IResult> ListAsync(
        PageRequest page, [FromQuery] string[]? key, [FromQuery] string[]? status, MeteringDatabase database, IClock clock,
        CancellationToken cancellationToken)
    {
        if (status?.FirstOrDefault(one => !Statuses.Contains(one)) is not null)
        {
            return Problem.Invalid("?status", "unknown_status", "A status is one of " + string.Join(", ", Statuses) + ".");
        }

        var now = clock.GetCurrentInstant();
        var filter = new { now, key = key ?? [], status = status ?? [] };
        return await Page.OfAsync(database, page, ListSql, CountSql, filter, (PlanRow row) => row.ToView(now), cancellationToken);
    }

    private const string FilterSql = """

        where (cardinality(@key) = 0 or key = any(@key))
          and (cardinality(@status) = 0
            or case
                when effective_from is null then 'draft'
                when effective_to <= @now then 'archived'
                when effective_from > @now then 'scheduled'
                else 'active'
            end = any(@status))
        """;

    private const string ListSql = PlanRow.SelectSql + FilterSql + """

        order by key, version
        """;

    private const string CountSql = "select count(*) from subscriptions.plan" + FilterSql;
}
