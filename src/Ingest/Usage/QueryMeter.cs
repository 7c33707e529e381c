using Metering.Platform.OpenApi;
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
        routes.MapGet("/api/v1/meters/{idOrSlug}/query", GetAsync).RequireScope(Scope.UsageRead)
            .WithName("queryMeter").WithSummary("Read usage, as JSON or CSV").Produces<UsageResponse>(200, "application/json", "text/csv")
            .WithQueryParameter("from", "Inclusive, RFC 3339.").WithQueryParameter("to", "Exclusive, RFC 3339.")
            .WithQueryParameter("windowSize", "MINUTE, HOUR, DAY or MONTH; without it one total.")
            .WithQueryParameter("windowTimeZone", "IANA; UTC unless said.")
            .WithQueryParameter("subject", "Only these.", isList: true).WithQueryParameter("groupBy", "Dimensions, or subject.", isList: true)
            .WithQueryParameter("filterGroupBy[dimension]", "Only these values of the dimension.", isList: true)
            .WithQueryParameter("watermark", "As recorded by this batch; current answers which one that is.")
            .WithQueryParameter("asRecordedAt", "Only what had been recorded before this time, RFC 3339; the answer tells its watermark.")
            .WithQueryParameter("clientId", "Without effect.");
        routes.MapPost("/api/v1/meters/{idOrSlug}/query", PostAsync).RequireScope(Scope.UsageRead)
            .WithName("queryMeterPost").WithSummary("Read usage by a question in the body")
            .Produces<UsageResponse>(200, "application/json", "text/csv")
            .WithExample("""{"from":"2026-01-01T00:00:00Z","to":"2026-02-01T00:00:00Z","windowSize":"DAY","groupBy":["model"]}""");
    }

    private static Task<IResult> GetAsync(string idOrSlug, HttpContext http, MeterQueries queries, CancellationToken cancellationToken) =>
        QueryMeterRequest.TryRead(http.Request.Query, out var request) is { } error
            ? Task.FromResult(Problem.Invalid(error))
            : queries.AnswerAsync(idOrSlug, request, "?", http.Request, cancellationToken);

    private static Task<IResult> PostAsync(
        string idOrSlug, QueryMeterRequest request, HttpContext http, MeterQueries queries, CancellationToken cancellationToken) =>
        queries.AnswerAsync(idOrSlug, request, "/", http.Request, cancellationToken);
}
