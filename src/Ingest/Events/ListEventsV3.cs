using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;
using Metering.Ingest.Subjects;
using Metering.Platform.Http;
using Metering.Platform.OpenApi;
using Metering.Platform.Problems;
using Metering.Platform.Security;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using NodaTime;

namespace Metering.Ingest.Events;

/// <summary><c>GET /api/v3/openmeter/events</c>: stored events, latest first, where Kong's plugins send theirs.</summary>
internal static class ListEventsV3
{
    private const string Path = "/api/v3/openmeter/events";

    public static void MapListEventsV3(this IEndpointRouteBuilder routes) =>
        routes.MapGet(Path, ListAsync).RequireScope(Scope.UsageRead)
            .WithName("listEventsV3").WithSummary("List recorded events, as OpenMeter's third API does").Produces<EventsPageV3>()
            .WithQueryParameter("page[size]", "1 to 100; 100 unless said.").WithQueryParameter("page[after]", "From the next page of an answer.")
            .WithQueryParameter("sort", "time desc, which is the order in any case.")
            .WithQueryParameter(
                "filter[field][comparison]",
                "Of id, source, subject, type: eq, neq, oeq, contains, ocontains, gt, gte, lt, lte; of customer_id: eq, oeq; of time, "
                + "ingested_at, stored_at: eq, gt, gte, lt, lte.");

    private static async Task<IResult> ListAsync(
        HttpContext http, EventListing events, ISubjectOwners owners, CancellationToken cancellationToken)
    {
        if (EventQueryV3.TryRead(http.Request.Query, out var asked) is { } unread)
        {
            return Problem.Invalid(unread);
        }

        var (error, subjects) = asked.Filter.CustomerId?.In is { } customers
            ? await CustomerSubjects.ReadAsync(customers, "?filter[customer_id]", owners, cancellationToken)
            : (null, []);
        if (error is not null)
        {
            return Problem.Invalid(error);
        }

        var search = ListEventsV2.SearchOf(asked.Filter, subjects, asked.After, asked.Size);
        var rows = await events.ReadAsync(search, cancellationToken);
        var shown = await events.ShowAsync([.. rows.Take(asked.Size)], cancellationToken);
        var next = rows.Count > asked.Size ? NextOf(http.Request, rows[asked.Size - 1].Cursor) : null;
        return Results.Ok(new EventsPageV3([.. shown.Select(IngestedEventV3.Of)], new EventsMetaV3(new EventsMetaPageV3(asked.Size, next, null))));
    }

    private static string NextOf(HttpRequest request, Cursor<Instant> cursor)
    {
        var others = request.Query.Where(parameter => parameter.Key != "page[after]").SelectMany(
            parameter => parameter.Value, (parameter, value) => KeyValuePair.Create(parameter.Key, value));
        return Path + QueryString.Create(others.Append(KeyValuePair.Create("page[after]", (string?)cursor.ToString())));
    }
}

internal sealed record EventsPageV3(ImmutableArray<IngestedEventV3> Data, EventsMetaV3 Meta);

internal sealed record EventsMetaV3(EventsMetaPageV3 Page);

/// <param name="Next">The path and query of the next page; null at the end.</param>
/// <param name="Previous">Always null: pages are read forwards.</param>
internal sealed record EventsMetaPageV3(
    int Size,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] string? Next,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] string? Previous);

internal sealed record IngestedEventV3(
    JsonElement Event,
    CustomerReferenceV3? Customer,
    [property: JsonPropertyName("ingested_at")] Instant IngestedAt,
    [property: JsonPropertyName("stored_at")] Instant StoredAt,
    [property: JsonPropertyName("validation_errors")] ImmutableArray<EventErrorV3>? ValidationErrors)
{
    public static IngestedEventV3 Of(IngestedEvent shown) => new(
        shown.Event, shown.CustomerId is { } id ? new CustomerReferenceV3(id) : null, shown.IngestedAt, shown.StoredAt,
        shown.ValidationError is { } reason ? [new EventErrorV3("unreadable_value", reason)] : null);
}

internal sealed record CustomerReferenceV3(string Id);

internal sealed record EventErrorV3(string Code, string Message);
