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
            .WithName("listFeatures").WithSummary("List features").Produces<Page<FeatureView>>();
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

    private static Task<IResult> ListAsync(
        PageRequest page, [FromQuery] string[]? meterSlug, bool? includeArchived, MeteringDatabase database, CancellationToken cancellationToken)
    {
        var filter = new { meterSlug = meterSlug ?? [], includeArchived = includeArchived ?? false };
        return Page.OfAsync(database, page, ListSql, CountSql, filter, (FeatureRow row) => row.ToView(), cancellationToken);
    }

    private const string FilterSql = """

        where (@includeArchived or archived_at is null)
          and (cardinality(@meterSlug) = 0 or meter_slug = any(@meterSlug))
        """;

    private const string ListSql = FeatureRow.SelectSql + FilterSql + """

        order by id
        """;

    private const string CountSql = "select count(*) from subscriptions.feature" + FilterSql;
}
