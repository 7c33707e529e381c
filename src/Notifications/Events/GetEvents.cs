using System.Collections.Immutable;
using Metering.Platform.Database;
using Metering.Platform.Http;
using Metering.Platform.Identifiers;
using Metering.Platform.Problems;
using Metering.Platform.Security;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;

namespace Metering.Notifications.Events;

/// <summary><c>GET /api/v1/notification/events</c> and <c>/{eventId}</c>.</summary>
internal static class GetEvents
{
    private static readonly ImmutableSortedDictionary<string, string> Columns = new Dictionary<string, string>
    {
        ["id"] = "e.id", ["createdAt"] = "e.created_at",
    }.ToImmutableSortedDictionary();

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/api/v1/notification/events", ListAsync).RequireScope(Scope.NotificationsRead)
            .WithName("listNotificationEvents").WithSummary("List what was told, and how far each delivery is").Produces<Page<EventView>>()
            .WithTags(NotificationsModule.Tag);
        routes.MapGet("/api/v1/notification/events/{eventId}", GetAsync).RequireScope(Scope.NotificationsRead)
            .WithName("getNotificationEvent").WithSummary("Read an event with every attempt to deliver it").Produces<EventView>()
            .WithTags(NotificationsModule.Tag);
    }

    private static async Task<IResult> GetAsync(string eventId, MeteringDatabase database, CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(cancellationToken);
        return PublicId.TryParse(eventId, out var id) && await EventRow.FindAsync(session, id, cancellationToken) is { } row
            ? Results.Ok((await EventRow.ViewsAsync(session, [row], cancellationToken)).Single())
            : Problem.NotFound("event", eventId);
    }

    /// <summary>Both ends of the span are included, as OpenMeter has it.</summary>
    private static async Task<IResult> ListAsync([AsParameters] EventsQuery query, MeteringDatabase database, CancellationToken cancellationToken)
    {
        if (InstantConverter.TryReadParameter("from", query.From, out var from) is { } badFrom)
        {
            return Problem.Invalid(badFrom);
        }

        if (InstantConverter.TryReadParameter("to", query.To, out var to) is { } badTo)
        {
            return Problem.Invalid(badTo);
        }

        if (SortOrder.TryRead(query.Order, query.OrderBy, Columns, "id", "e.id", out var orderSql) is { } badOrder)
        {
            return Problem.Invalid(badOrder);
        }

        var filter = new
        {
            from, to,
            features = query.Feature ?? [], featureIds = Ids(query.Feature),
            subjects = query.Subject ?? [], subjectIds = Ids(query.Subject),
            rules = Ids(query.Rule), byRule = query.Rule is { Length: > 0 },
            channels = Ids(query.Channel), byChannel = query.Channel is { Length: > 0 },
        };
        await using var session = await database.OpenAsync(cancellationToken);
        var (rows, total) = await Page.RowsAsync<EventRow>(
            session, query.Page, EventRow.SelectSql + FilterSql + orderSql, "select count(*) from notifications.event e" + FilterSql, filter,
            cancellationToken);
        return Results.Ok(query.Page.Of(await EventRow.ViewsAsync(session, rows, cancellationToken), total));
    }

    private static Guid[] Ids(string[]? texts) =>
        [.. (texts ?? []).Select(text => PublicId.TryParse(text, out var id) ? id : (Guid?)null).OfType<Guid>()];

    // A subject's id is its customer's.
    private const string FilterSql = """

        where (@from::timestamptz is null or e.created_at >= @from)
          and (@to::timestamptz is null or e.created_at <= @to)
          and (cardinality(@features) = 0 or e.feature_key = any(@features) or e.feature_id = any(@featureIds))
          and (cardinality(@subjects) = 0 or e.subject = any(@subjects) or e.customer_id = any(@subjectIds))
          and (not @byRule or e.rule_id = any(@rules))
          and (not @byChannel or exists (
            select from notifications.delivery d where d.event_id = e.id and d.channel_id = any(@channels)))
        """;

    internal sealed record EventsQuery(
        PageRequest Page,
        string? From,
        string? To,
        string? Order,
        string? OrderBy,
        [FromQuery] string[]? Feature,
        [FromQuery] string[]? Subject,
        [FromQuery] string[]? Rule,
        [FromQuery] string[]? Channel);
}
