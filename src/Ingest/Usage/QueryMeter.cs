using Metering.Platform.Problems;
using Metering.Platform.Security;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Metering.Ingest.Usage;

/// <summary><c>GET</c> and <c>POST /api/v1/meters/{idOrSlug}/query</c>: usage out, as JSON or, by <c>Accept: text/csv</c>, as CSV.</summary>
internal static class QueryMeter
{
    public static void MapQueryMeter(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/api/v1/meters/{idOrSlug}/query", GetAsync).RequireScope(Scope.UsageRead);
        routes.MapPost("/api/v1/meters/{idOrSlug}/query", PostAsync).RequireScope(Scope.UsageRead);
    }

    private static Task<IResult> GetAsync(string idOrSlug, HttpContext http, MeterQueries queries, CancellationToken cancellationToken) =>
        QueryMeterRequest.TryRead(http.Request.Query, out var request) is { } error
            ? Task.FromResult(Problem.Invalid(error))
            : queries.AnswerAsync(idOrSlug, request, "?", http.Request, cancellationToken);

    private static Task<IResult> PostAsync(
        string idOrSlug, QueryMeterRequest request, HttpContext http, MeterQueries queries, CancellationToken cancellationToken) =>
        queries.AnswerAsync(idOrSlug, request, "/", http.Request, cancellationToken);
}
