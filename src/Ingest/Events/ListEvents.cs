using System.Collections.Immutable;
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
        [AsParameters] ListEventsQuery query, EventListing events, ISubjectOwners owners, IClock clock, CancellationToken cancellationToken)
    {
        var errors = query.Check(MaxLimit).ToArray();
        if (errors.Length > 0)
        {
            return Problem.Invalid(errors);
        }

        var (error, subjects) = query.CustomerId is { Length: > 0 } customers
            ? await CustomerSubjects.ReadAsync(customers, "?customerId", owners, cancellationToken)
            : (null, []);
        if (error is not null)
        {
            return Problem.Invalid(error);
        }

        var search = new EventSearch(
            Instant.Max(TimeOf(query.From) ?? clock.GetCurrentInstant() - DefaultSpan, EventLimits.EarliestTime),
            Instant.Min(TimeOf(query.To) ?? EventLimits.LatestTime, EventLimits.LatestTime), null, query.Limit ?? MaxLimit);
        AddConditions(search, query, subjects);
        var rows = await events.ReadAsync(search, cancellationToken);
        return Results.Ok(await events.ShowAsync([.. rows.Take(search.Limit)], cancellationToken));
    }

    /// <summary>The id and the subject are found by any part of them.</summary>
    private static void AddConditions(EventSearch search, ListEventsQuery query, ImmutableArray<string> customerSubjects)
    {
        if (TimeOf(query.IngestedAtFrom) is { } ingestedFrom)
        {
            search.Where(sql => $"e.recorded_at >= {sql.Parameter(ingestedFrom)}");
        }

        if (TimeOf(query.IngestedAtTo) is { } ingestedTo)
        {
            search.Where(sql => $"e.recorded_at <= {sql.Parameter(ingestedTo)}");
        }

        if (query.Id is { } id)
        {
            search.Where(sql => $"position({sql.Parameter(id)} in e.id) > 0");
        }

        if (query.Subject is { } subject)
        {
            search.Where(sql => $"position({sql.Parameter(subject)} in e.subject) > 0");
        }

        if (query.CustomerId is { Length: > 0 })
        {
            search.Where(sql => $"e.subject = any({sql.Parameter(customerSubjects.ToArray())})");
        }

        if (query.Validation is not null)
        {
            search.WhereFailed();
        }
    }

    private static Instant? TimeOf(string? text) => text is not null && InstantConverter.TryParse(text, out var instant) ? instant : null;
}

internal sealed record ListEventsQuery(
    string? From, string? To, string? IngestedAtFrom, string? IngestedAtTo, string? Id, string? Subject, string? Validation, int? Limit,
    string? ClientId, string[]? CustomerId)
{
    public IEnumerable<FieldError> Check(int maxLimit)
    {
        foreach (var (name, text) in new[] { ("from", From), ("to", To), ("ingestedAtFrom", IngestedAtFrom), ("ingestedAtTo", IngestedAtTo) })
        {
            if (InstantConverter.TryReadParameter(name, text, out _) is { } error)
            {
                yield return error;
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
    }
}
