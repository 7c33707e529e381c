using System.Text.Json.Serialization;
using Metering.Ingest.Meters;
using Metering.Platform.OpenApi;
using Metering.Platform.Problems;
using Metering.Platform.Security;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using NodaTime;

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
            .WithQueryParameter("clientId", "Without effect.");
        routes.MapPost("/api/v1/meters/{idOrSlug}/query", PostAsync).RequireScope(Scope.UsageRead)
            .WithName("queryMeterPost").WithSummary("Read usage by a question in the body")
            .Produces<UsageResponse>(200, "application/json", "text/csv")
            .WithExample("""{"from":"2026-01-01T00:00:00Z","to":"2026-02-01T00:00:00Z","windowSize":"DAY","groupBy":["model"]}""");
    }

    private static Task<IResult> GetAsync(
        string idOrSlug, HttpContext http, MeterCatalog meters, UsageReader usage, CancellationToken cancellationToken) =>
        QueryMeterRequest.TryRead(http.Request.Query, out var request) is { } error
            ? Task.FromResult(Problem.Invalid(error))
            : AnswerAsync(idOrSlug, request, "?", http, meters, usage, cancellationToken);

    private static Task<IResult> PostAsync(
        string idOrSlug, QueryMeterRequest request, HttpContext http, MeterCatalog meters, UsageReader usage, CancellationToken cancellationToken) =>
        AnswerAsync(idOrSlug, request, "/", http, meters, usage, cancellationToken);

    /// <param name="place">What a field's name is prefixed with to say where it stood.</param>
    private static async Task<IResult> AnswerAsync(
        string idOrSlug, QueryMeterRequest request, string place, HttpContext http, MeterCatalog meters, UsageReader usage,
        CancellationToken cancellationToken)
    {
        if (await meters.FindAsync(idOrSlug, cancellationToken) is not { } meter)
        {
            return Problem.NotFound("meter", idOrSlug);
        }

        var errors = UsageQueryRules.TryCreate(meter, request, place, out var query);
        if (errors.Count > 0)
        {
            return Problem.Invalid(errors);
        }

        if (request.Watermark == QueryMeterRequest.CurrentWatermark)
        {
            query = query with { AsRecordedBy = await usage.CurrentWatermarkAsync(cancellationToken) };
        }

        return await usage.AnswerAsync(query, cancellationToken) switch
        {
            UsageAnswer.Rows rows when WantsCsv(http.Request) => Results.Text(UsageCsv.Of(query, rows.Values), "text/csv; charset=utf-8"),
            UsageAnswer.Rows rows => Results.Ok(UsageResponse.Of(query, rows.Values)),
            UsageAnswer.TooFine => Problem.Invalid(
                $"{place}windowSize", "too_fine",
                $"The answer would have more than {UsageReader.MaxRows} rows; ask for less time or larger windows."),
            _ => Problem.NotFound("meter", idOrSlug),
        };
    }

    private static bool WantsCsv(HttpRequest request) =>
        request.Headers.Accept.Any(value => value is not null && value.Contains("text/csv", StringComparison.OrdinalIgnoreCase));
}

/// <param name="Watermark">Additive: the number of the batch that the answer was asked as of.</param>
internal sealed record UsageResponse(Instant? From, Instant? To, string? WindowSize, long? Watermark, IReadOnlyList<UsageResponseRow> Data)
{
    public static UsageResponse Of(UsageQuery query, IEnumerable<UsageRow> rows) => new(
        query.From, query.To, query.Window?.ToString().ToUpperInvariant(), query.AsRecordedBy?.Batch,
        [.. rows.Select(row => new UsageResponseRow(row.Value, row.Start, row.End, row.Subject, row.Dimensions))]);
}

internal sealed record UsageResponseRow(
    decimal Value,
    Instant WindowStart,
    Instant WindowEnd,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] string? Subject,
    IReadOnlyDictionary<string, string?> GroupBy);
