using Metering.Platform.Database;
using Metering.Platform.Http;
using Metering.Platform.Problems;
using Metering.Platform.Security;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;

namespace Metering.Subscriptions.Features;

/// <summary><c>GET /api/v1/features</c> and <c>/{idOrKey}</c>.</summary>
internal static class GetFeatures
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/api/v1/features", ListAsync).RequireScope(Scope.CatalogRead);
        routes.MapGet("/api/v1/features/{idOrKey}", GetAsync).RequireScope(Scope.CatalogRead);
    }

    private static async Task<IResult> GetAsync(string idOrKey, MeteringDatabase database, CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(cancellationToken);
        return await FeatureRow.FindAsync(session, idOrKey, cancellationToken) is { } row
            ? Results.Ok(row.ToView())
            : Problem.NotFound("feature", idOrKey);
    }

    private static async Task<IResult> ListAsync(
        int? page, int? pageSize, [FromQuery] string[]? meterSlug, bool? includeArchived, MeteringDatabase database,
        CancellationToken cancellationToken)
    {
        if (PageRequest.TryCreate(page, pageSize, out var request) is { } wrong)
        {
            return Problem.Invalid(wrong);
        }

        var filter = new { meterSlug = meterSlug ?? [], includeArchived = includeArchived ?? false, limit = request.Size, offset = request.Offset };
        await using var session = await database.OpenAsync(cancellationToken);
        var rows = await session.QueryAsync<FeatureRow>(ListSql, filter, cancellationToken);
        var total = await session.SingleAsync<long>(CountSql, filter, cancellationToken);
        return Results.Ok(new Page<FeatureView>([.. rows.Select(row => row.ToView())], total, request.Number, request.Size));
    }

    private const string FilterSql = """

        where (@includeArchived or archived_at is null)
          and (cardinality(@meterSlug) = 0 or meter_slug = any(@meterSlug))
        """;

    private const string ListSql = FeatureRow.SelectSql + FilterSql + """

        order by id
        limit @limit offset @offset
        """;

    private const string CountSql = "select count(*) from subscriptions.feature" + FilterSql;
}
