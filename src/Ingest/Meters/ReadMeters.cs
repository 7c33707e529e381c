using Metering.Platform.Database;
using Metering.Platform.Http;
using Metering.Platform.Problems;
using Metering.Platform.Security;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Metering.Ingest.Meters;

/// <summary><c>GET /api/v1/meters</c> (a plain array, as OpenMeter's) and <c>GET /api/v1/meters/{idOrSlug}</c>.</summary>
internal static class ReadMeters
{
    public static void MapMeters(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/api/v1/meters", ListAsync).RequireScope(Scope.CatalogRead)
            .WithName("listMeters").WithSummary("List meters").Produces<MeterResponse[]>();
        routes.MapGet("/api/v1/meters/{idOrSlug}", GetAsync).RequireScope(Scope.CatalogRead)
            .WithName("getMeter").WithSummary("Read a meter").Produces<MeterResponse>();
    }

    private static async Task<IResult> GetAsync(string idOrSlug, MeterCatalog meters, CancellationToken cancellationToken) =>
        await meters.FindAsync(idOrSlug, cancellationToken) is { } meter
            ? Results.Ok(MeterResponse.Of(meter)).WithTag(MeterResponse.Of(meter).Tag)
            : Problem.NotFound("meter", idOrSlug);

    private static async Task<IResult> ListAsync(
        PageRequest page, string? orderBy, string? order, bool? includeDeleted, MeteringDatabase database, CancellationToken cancellationToken)
    {
        if (order is not (null or "ASC" or "DESC"))
        {
            return Problem.Invalid("?order", "unknown_value", "The order is ASC or DESC.");
        }

        await using var session = await database.OpenAsync(cancellationToken);
        var meters = await MeterCatalog.ListAsync(includeDeleted == true, session, cancellationToken);
        if (Sorted(meters, orderBy) is not { } sorted)
        {
            return Problem.Invalid("?orderBy", "unknown_value", "Meters are ordered by key, name, aggregation, createdAt or updatedAt.");
        }

        var ordered = order == "DESC" ? sorted.Reverse() : sorted;
        return Results.Ok(ordered.Skip(page.Offset).Take(page.Size).Select(MeterResponse.Of).ToArray());
    }

    private static IEnumerable<Meter>? Sorted(IEnumerable<Meter> meters, string? orderBy) => orderBy switch
    {
        null or "key" => meters,
        "name" => meters.OrderBy(meter => meter.Name ?? meter.Slug, StringComparer.Ordinal),
        "aggregation" => meters.OrderBy(meter => AggregationCode.Of(meter.Aggregation), StringComparer.Ordinal),
        "createdAt" => meters.OrderBy(meter => meter.CreatedAt),
        "updatedAt" => meters.OrderBy(meter => meter.UpdatedAt),
        _ => null,
    };
}
