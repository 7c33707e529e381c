using Metering.Platform.Problems;
using Metering.Platform.Security;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using NodaTime;

namespace Metering.Ingest.Usage;

/// <summary><c>GET /api/v1/info/progress/{id}</c>: how far the query is that was asked with this client id.</summary>
internal static class GetProgress
{
    public static void MapGetProgress(this IEndpointRouteBuilder routes) =>
        routes.MapGet("/api/v1/info/progress/{id}", Get).RequireScope(Scope.UsageRead)
            .WithName("getProgress").WithSummary("Read how far a query has come").Produces<Progress>();

    private static IResult Get(string id, QueryProgress queries) =>
        queries.Find(id) is { } progress ? Results.Ok(progress) : Problem.NotFound("query with the client id", id);
}

/// <summary>Of how many parts how many are answered.</summary>
internal sealed record Progress(int Success, int Failed, int Total, Instant UpdatedAt);
