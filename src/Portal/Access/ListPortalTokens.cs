using Metering.Platform.Database;
using Metering.Platform.Problems;
using Metering.Platform.Security;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using NodaTime;

namespace Metering.Portal.Access;

/// <summary><c>GET /api/v1/portal/tokens</c>: the latest ones, without their secrets.</summary>
internal static class ListPortalTokens
{
    private const int DefaultLimit = 25;
    private const int MaxLimit = 100;

    public static void MapListPortalTokens(this IEndpointRouteBuilder routes) =>
        routes.MapGet("/api/v1/portal/tokens", ListAsync).RequireScope(Scope.CustomersRead)
            .WithName("listPortalTokens").WithSummary("List links to the portal, without their secrets").Produces<PortalToken[]>().WithTags("Portal");

    private static async Task<IResult> ListAsync(int? limit, MeteringDatabase database, IClock clock, CancellationToken cancellationToken)
    {
        if (limit is < 1 or > MaxLimit)
        {
            return Problem.Invalid("?limit", "out_of_range", $"The limit is 1 to {MaxLimit}.");
        }

        var now = clock.GetCurrentInstant();
        await using var session = await database.OpenAsync(cancellationToken);
        var links = await session.QueryAsync<PortalLink>(ListSql, new { limit = limit ?? DefaultLimit }, cancellationToken);
        return Results.Ok(links.Select(link => PortalToken.Of(link, now)));
    }

    private const string ListSql = $"""
        select {PortalLink.Columns}
        from portal.link
        order by id desc
        limit @limit
        """;
}
