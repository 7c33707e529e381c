using System.Collections.Immutable;
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
        routes.MapGet("/api/v1/features", ListAsync).RequireScope(Scope.CatalogRead)
            .WithName("listFeatures").WithSummary("List features").Produces<FeatureView[]>();
        routes.MapGet("/api/v1/features/{idOrKey}", GetAsync).RequireScope(Scope.CatalogRead)
            .WithName("getFeature").WithSummary("Read a feature").Produces<FeatureView>();
    }

    private static async Task<IResult> GetAsync(string idOrKey, MeteringDatabase database, CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(cancellationToken);
        return await FeatureRow.FindAsync(session, idOrKey, cancellationToken) is { } row
            ? Results.Ok(row.ToView()).WithTag(row.Tag)
            : Problem.NotFound("feature", idOrKey);
    }

    /// <summary>A plain list, or a page when one is asked for by <c>page</c> or <c>pageSize</c>: OpenMeter answers both.</summary>
    private static async Task<IResult> ListAsync(
        PageRequest page, int? offset, int? limit, string? order, string? orderBy, [FromQuery] string[]? meterSlug, bool? includeArchived,
        HttpRequest http, MeteringDatabase database, CancellationToken cancellationToken)
    {
        if (SortOrder.TryRead(order, orderBy, Columns, "id", "id", out var orderSql) is { } wrong)
        {
            return Problem.Invalid(wrong);
        }

        var filter = new { meterSlug = meterSlug ?? [], includeArchived = includeArchived ?? false };
        var sql = FeatureRow.SelectSql + FilterSql + orderSql;
        if (http.Query.ContainsKey("page") || http.Query.ContainsKey("pageSize"))
        {
            return await Page.OfAsync(database, page, sql, CountSql, filter, (FeatureRow row) => row.ToView(), cancellationToken);
        }

        if (offset is < 0)
        {
            return Problem.Invalid("?offset", "out_of_range", "Features are counted from 0.");
        }

        if (limit is < 1 or > RequestLimits.MaxPageSize)
        {
            return Problem.Invalid("?limit", "out_of_range", $"1 to {RequestLimits.MaxPageSize} features can be asked for.");
        }

        var bounded = new { filter.meterSlug, filter.includeArchived, offset = offset ?? 0, limit = limit ?? RequestLimits.DefaultPageSize };
        await using var session = await database.OpenAsync(cancellationToken);
        var rows = await session.QueryAsync<FeatureRow>(sql + "\nlimit @limit offset @offset", bounded, cancellationToken);
        return Results.Ok(rows.Select(row => row.ToView()));
    }

    private static readonly ImmutableSortedDictionary<string, string> Columns = new Dictionary<string, string>
    {
        ["id"] = "id", ["key"] = "key", ["name"] = "name", ["createdAt"] = "created_at", ["updatedAt"] = "updated_at",
    }.ToImmutableSortedDictionary();

    private const string FilterSql = """

        where (@includeArchived or archived_at is null)
          and (cardinality(@meterSlug) = 0 or meter_slug = any(@meterSlug))
        """;

    private const string CountSql = "select count(*) from subscriptions.feature" + FilterSql;
}
