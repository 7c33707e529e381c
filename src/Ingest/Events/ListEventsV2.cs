using System.Collections.Immutable;
using System.Text.Json;
using Metering.Ingest.Subjects;
using Metering.Platform.Http;
using Metering.Platform.Problems;
using Metering.Platform.Security;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using NodaTime;

namespace Metering.Ingest.Events;

/// <summary>
/// <c>GET /api/v2/events</c>: stored events, latest first, by cursor and by <c>filter</c>, which is one JSON text. A cursor is a place in
/// the order of time and key, so that what comes later disturbs no page.
/// </summary>
internal static class ListEventsV2
{
    private const int MaxLimit = 100;

    public static void MapListEventsV2(this IEndpointRouteBuilder routes) =>
        routes.MapGet("/api/v2/events", ListAsync).RequireScope(Scope.UsageRead)
            .WithName("listEventsV2").WithSummary("List recorded events by cursor").Produces<CursorPage<IngestedEvent>>();

    private static async Task<IResult> ListAsync(
        CursorRequest<Instant> page, string? filter, string? clientId, EventListing events, ISubjectOwners owners,
        CancellationToken cancellationToken)
    {
        if (page.Limit > MaxLimit)
        {
            return Problem.Invalid("?limit", "out_of_range", $"The limit is 1 to {MaxLimit}.");
        }

        if (TryRead(filter) is not { } asked)
        {
            return Problem.Invalid("?filter", "invalid_json", "Send JSON such as {\"subject\":{\"$eq\":\"acme\"}}.");
        }

        var errors = asked.Check().Select(error => error with { Pointer = $"?filter{error.Pointer}" }).ToArray();
        if (errors.Length > 0)
        {
            return Problem.Invalid(errors);
        }

        var (error, subjects) = asked.CustomerId?.In is { } customers
            ? await CustomerSubjects.ReadAsync(customers, "?filter/customerId/$in", owners, cancellationToken)
            : (null, []);
        if (error is not null)
        {
            return Problem.Invalid(error);
        }

        var search = SearchOf(asked, subjects, page.After, page.Limit);
        var rows = await events.ReadAsync(search, cancellationToken);
        var shown = await events.ShowAsync([.. rows.Take(page.Limit)], cancellationToken);
        return Results.Ok(new CursorPage<IngestedEvent>(shown, rows.Count > page.Limit ? rows[page.Limit - 1].Cursor.ToString() : null));
    }

    public static EventSearch SearchOf(EventFilter asked, ImmutableArray<string> customerSubjects, Cursor<Instant>? after, int limit)
    {
        var search = new EventSearch(
            Instant.Max(asked.Time?.Earliest ?? EventLimits.EarliestTime, EventLimits.EarliestTime),
            Instant.Min(asked.Time?.Latest ?? EventLimits.LatestTime, EventLimits.LatestTime), after, limit);
        foreach (var (column, filter) in asked.Texts)
        {
            if (filter is not null)
            {
                search.Where(sql => sql.Of($"e.{column}", filter));
            }
        }

        if (asked.Time is { } time)
        {
            search.Where(sql => sql.Of("e.time", time));
        }

        if (asked.IngestedAt is { } ingestedAt)
        {
            search.Where(sql => sql.Of("e.recorded_at", ingestedAt));
        }

        if (asked.CustomerId?.In is not null)
        {
            search.Where(sql => $"e.subject = any({sql.Parameter(customerSubjects.ToArray())})");
        }

        return search;
    }

    /// <returns>Null when it is not JSON of this shape.</returns>
    private static EventFilter? TryRead(string? text)
    {
        try
        {
            return string.IsNullOrEmpty(text) ? new EventFilter() : JsonSerializer.Deserialize<EventFilter>(text, MeteringJson.Options);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
