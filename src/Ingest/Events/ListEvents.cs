using System.Text.Json;
using Metering.Platform.Database;
using Metering.Platform.Http;
using Metering.Platform.Problems;
using Metering.Platform.Security;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using NodaTime;

namespace Metering.Ingest.Events;

/// <summary>
/// <c>GET /api/v1/events</c>: stored events, latest first, of the last 72 hours unless <c>from</c> says otherwise. <c>validation=failed</c>
/// shows those that a meter of their type could not read, with the reason.
/// </summary>
internal static class ListEvents
{
    private const int MaxLimit = 100;
    private static readonly Duration DefaultSpan = Duration.FromHours(72);

    public static void MapListEvents(this IEndpointRouteBuilder routes) =>
        routes.MapGet("/api/v1/events", ListAsync).RequireScope(Scope.UsageRead)
            .WithName("listEvents").WithSummary("List recorded events").Produces<IngestedEvent[]>();

    private static async Task<IResult> ListAsync(
        [AsParameters] ListEventsQuery query, MeteringDatabase database, IClock clock, CancellationToken cancellationToken)
    {
        var errors = query.Check(MaxLimit).ToArray();
        if (errors.Length > 0)
        {
            return Problem.Invalid(errors);
        }

        var parameters = new
        {
            from = TimeOf(query.From) ?? clock.GetCurrentInstant() - DefaultSpan,
            to = TimeOf(query.To),
            recordedFrom = TimeOf(query.IngestedAtFrom),
            recordedTo = TimeOf(query.IngestedAtTo),
            query.Id,
            query.Subject,
            limit = query.Limit ?? MaxLimit,
        };
        await using var session = await database.OpenAsync(cancellationToken);
        var rows = await session.QueryAsync<EventRow>(SqlOf(query), parameters, cancellationToken);
        return Results.Ok(rows.Select(row => row.ToIngestedEvent()).ToArray());
    }

    private static Instant? TimeOf(string? text) => text is not null && InstantConverter.TryParse(text, out var instant) ? instant : null;

    private static string SqlOf(ListEventsQuery query) => $"""
        select e.id, e.source, e.type, e.subject, e.time, e.data, e.extensions, e.validation_error as validationError, b.recorded_at as recordedAt
        from ingest.event e
        join ingest.batch b on b.batch = e.batch
        where e.time >= @from
          {(query.To is null ? "" : "and e.time <= @to")}
          {(query.IngestedAtFrom is null ? "" : "and b.recorded_at >= @recordedFrom")}
          {(query.IngestedAtTo is null ? "" : "and b.recorded_at <= @recordedTo")}
          {(query.Id is null ? "" : "and position(@Id in e.id) > 0")}
          {(query.Subject is null ? "" : "and position(@Subject in e.subject) > 0")}
          {(query.Validation is null ? "" : "and e.validation_error is not null")}
        order by e.time desc, e.key desc
        limit @limit
        """;

    private sealed record EventRow(
        string Id, string Source, string Type, string Subject, Instant Time, string? Data, string? Extensions, string? ValidationError,
        Instant RecordedAt)
    {
        public IngestedEvent ToIngestedEvent()
        {
            using var buffer = new MemoryStream();
            using (var writer = new Utf8JsonWriter(buffer))
            {
                EventJson.Write(writer, Id, Source, Type, Subject, Time, Data, Extensions);
            }

            var shown = JsonDocument.Parse(buffer.ToArray(), EventJson.DataOptions).RootElement;
            return new IngestedEvent(shown, ValidationError, RecordedAt, RecordedAt);
        }
    }
}

internal sealed record ListEventsQuery(
    string? From, string? To, string? IngestedAtFrom, string? IngestedAtTo, string? Id, string? Subject, string? Validation, int? Limit,
    string? ClientId, string? CustomerId)
{
    public IEnumerable<FieldError> Check(int maxLimit)
    {
        foreach (var (name, text) in new[] { ("from", From), ("to", To), ("ingestedAtFrom", IngestedAtFrom), ("ingestedAtTo", IngestedAtTo) })
        {
            if (text is not null && !InstantConverter.TryParse(text, out _))
            {
                yield return new FieldError($"?{name}", "invalid_time", InstantConverter.Expected);
            }
        }

        if (Limit is { } limit && (limit < 1 || limit > maxLimit))
        {
            yield return new FieldError("?limit", "out_of_range", $"The limit is 1 to {maxLimit}.");
        }

        if (Validation is not (null or "failed"))
        {
            yield return new FieldError("?validation", "unknown_value", "Only 'failed' can be asked for.");
        }

        if (CustomerId is not null)
        {
            yield return new FieldError("?customerId", "not_supported", "Events are found by subject.");
        }
    }
}

/// <summary>OpenMeter's shape. Events are recorded as they are ingested; both times are the batch's.</summary>
internal sealed record IngestedEvent(JsonElement Event, string? ValidationError, Instant IngestedAt, Instant StoredAt);
