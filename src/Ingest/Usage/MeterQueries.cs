using System.Globalization;
using Metering.Ingest.Meters;
using Metering.Ingest.Subjects;
using Metering.Platform.Problems;
using Microsoft.AspNetCore.Http;
using NodaTime;

namespace Metering.Ingest.Usage;

/// <summary>Answers a meter query that came over HTTP, whoever may ask it: as JSON or, by <c>Accept: text/csv</c>, as CSV.</summary>
public sealed class MeterQueries(MeterCatalog meters, UsageReader usage, ISubjectOwners owners, QueryProgress progress, IClock clock)
{
    /// <summary>Tells the watermark of an answer that was asked as of one, for CSV too.</summary>
    public const string WatermarkHeader = "Metering-Watermark";

    /// <summary>
    /// What may be asked of a meter with the query string of this request, about these subjects alone: the parameters that name subjects or
    /// customers are refused.
    /// </summary>
    public Task<IResult> AnswerAboutAsync(
        IReadOnlyList<string> subjects, string idOrSlug, HttpRequest http, CancellationToken cancellationToken)
    {
        if (QueryMeterRequest.TryRead(http.Query, out var request) is { } error)
        {
            return Task.FromResult(Problem.Invalid(error));
        }

        return request is { Subject: null, FilterCustomerId: null }
            ? AnswerAsync(idOrSlug, request with { Subject = [.. subjects] }, "?", http, cancellationToken)
            : Task.FromResult(Problem.Invalid("?subject", "not_supported", "Whose usage is asked for is said by the token."));
    }

    /// <param name="place">What a field's name is prefixed with to say where it stood.</param>
    internal async Task<IResult> AnswerAsync(
        string idOrSlug, QueryMeterRequest request, string place, HttpRequest http, CancellationToken cancellationToken)
    {
        if (await meters.FindAsync(idOrSlug, cancellationToken) is not { } meter)
        {
            return Problem.NotFound("meter", idOrSlug);
        }

        var now = clock.GetCurrentInstant();
        var errors = UsageQueryRules.TryCreate(meter, request, place, out var query);
        if (request.AsRecordedAt > now)
        {
            return Problem.Invalid($"{place}asRecordedAt", "out_of_range", "What will have been recorded by a later time is not known yet.");
        }

        if (errors.Count > 0)
        {
            return Problem.Invalid(errors);
        }

        if (request.FilterCustomerId is { Length: > 0 } customers)
        {
            var (error, owned) = await CustomerSubjects.ReadAsync(customers, $"{place}filterCustomerId", owners, cancellationToken);
            if (error is not null)
            {
                return Problem.Invalid(error);
            }

            query = query with { Subjects = query.Subjects.IsEmpty ? owned : [.. query.Subjects.Intersect(owned, StringComparer.Ordinal)] };
            if (query.Subjects.IsEmpty)
            {
                // To the reader no subjects are all subjects.
                return Answer(await WithWatermarkAsync(request, query, cancellationToken), [], http);
            }
        }

        query = await WithWatermarkAsync(request, query, cancellationToken);

        progress.Begin(request.ClientId, now);
        var answer = await usage.AnswerAsync(query, cancellationToken);
        progress.End(request.ClientId, answer is UsageAnswer.Rows, clock.GetCurrentInstant());
        return answer switch
        {
            UsageAnswer.Rows rows => Answer(query, rows.Values, http),
            UsageAnswer.TooFine => Problem.Invalid(
                $"{place}windowSize", "too_fine",
                $"The answer would have more than {UsageReader.MaxRows} rows; ask for less time or larger windows."),
            _ => Problem.NotFound("meter", idOrSlug),
        };
    }

    private async Task<UsageQuery> WithWatermarkAsync(QueryMeterRequest request, UsageQuery query, CancellationToken cancellationToken) =>
        request switch
        {
            { Watermark: QueryMeterRequest.CurrentWatermark } => query with { AsRecordedBy = await usage.CurrentWatermarkAsync(cancellationToken) },
            { AsRecordedAt: { } at } => query with { AsRecordedBy = await usage.WatermarkBeforeAsync(at, cancellationToken) },
            _ => query,
        };

    private static IResult Answer(UsageQuery query, IReadOnlyList<UsageRow> rows, HttpRequest http)
    {
        if (query.AsRecordedBy is { } watermark)
        {
            http.HttpContext.Response.Headers[WatermarkHeader] = watermark.Batch.ToString(CultureInfo.InvariantCulture);
        }

        return WantsCsv(http) ? Results.Text(UsageCsv.Of(query, rows), "text/csv; charset=utf-8") : Results.Ok(UsageResponse.Of(query, rows));
    }

    private static bool WantsCsv(HttpRequest request) =>
        request.Headers.Accept.Any(value => value is not null && value.Contains("text/csv", StringComparison.OrdinalIgnoreCase));
}
