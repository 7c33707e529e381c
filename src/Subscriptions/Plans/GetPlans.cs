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
            ? Results.Ok(row.ToView(now))
            : Problem.NotFound("plan", planIdOrKey);
    }

    private static async Task<IResult> ListAsync(
        int? page, int? pageSize, [FromQuery] string[]? key, [FromQuery] string[]? status, MeteringDatabase database, IClock clock,
        CancellationToken cancellationToken)
    {
        if (PageRequest.TryCreate(page, pageSize, out var request) is { } wrong)
        {
            return Problem.Invalid(wrong);
        }

        if (status?.FirstOrDefault(one => !Statuses.Contains(one)) is not null)
        {
            return Problem.Invalid("?status", "unknown_status", "A status is one of " + string.Join(", ", Statuses) + ".");
        }

        var now = clock.GetCurrentInstant();
        var filter = new { now, key = key ?? [], status = status ?? [], limit = request.Size, offset = request.Offset };
        await using var session = await database.OpenAsync(cancellationToken);
        var rows = await session.QueryAsync<PlanRow>(ListSql, filter, cancellationToken);
        var total = await session.SingleAsync<long>(CountSql, filter, cancellationToken);
        return Results.Ok(new Page<PlanView>([.. rows.Select(row => row.ToView(now))], total, request.Number, request.Size));
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
        limit @limit offset @offset
        """;

    private const string CountSql = "select count(*) from subscriptions.plan" + FilterSql;
}
