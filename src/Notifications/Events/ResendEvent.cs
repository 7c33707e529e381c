using System.Collections.Immutable;
using Metering.Platform.Auditing;
using Metering.Platform.Database;
using Metering.Platform.Http;
using Metering.Platform.Identifiers;
using Metering.Platform.OpenApi;
using Metering.Platform.Problems;
using Metering.Platform.Security;
using Metering.Subscriptions.Wire;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using NodaTime;

namespace Metering.Notifications.Events;

/// <summary>
/// <c>POST /api/v1/notification/events/{eventId}/resend</c>: the same payload under the same id goes out again, to all channels of the event or
/// to those named, with the whole course of retries.
/// </summary>
internal static class ResendEvent
{
    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/api/v1/notification/events/{eventId}/resend", ResendAsync)
        .RequireScope(Scope.NotificationsWrite).Audited("notification_event.resend")
        .WithName("resendNotificationEvent").WithSummary("Deliver an event again").Produces(202).WithTags(NotificationsModule.Tag)
        .WithExample("{}", "createNotificationRule");

    private static async Task<IResult> ResendAsync(
        string eventId, ResendRequest? body, MeteringDatabase database, IClock clock, CancellationToken cancellationToken)
    {
        var now = clock.GetCurrentInstant();
        await using var session = await database.BeginAsync(cancellationToken);
        if (!PublicId.TryParse(eventId, out var id) || await EventRow.FindAsync(session, id, cancellationToken) is null)
        {
            return Problem.NotFound("event", eventId);
        }

        var deliverable = (await session.QueryAsync<Guid>(DeliverableSql, new { id }, cancellationToken)).ToHashSet();
        var errors = new FieldErrors();
        var named = (body?.Channels ?? []).Select(text => PublicId.TryParse(text, out var channel) ? channel : Guid.Empty).ToImmutableArray();
        foreach (var (index, channel) in named.Index())
        {
            errors.AddIf(
                !deliverable.Contains(channel), $"/channels/{index}", "unknown_channel",
                "The event did not go to this channel, or the channel is disabled or deleted.");
        }

        if (errors.Any)
        {
            return errors.ToResult();
        }

        Guid[] channels = named.IsEmpty ? [.. deliverable] : [.. named];
        if (channels.Length == 0)
        {
            return Problem.Of(ProblemType.Conflict, "The event has no channel that takes deliveries.");
        }

        await session.ExecuteAsync(ResendSql, new { id, channels, now }, cancellationToken);
        var entry = new AuditEntry("notification_event.resend", eventId, now, null, new { channels = channels.Select(PublicId.Format) });
        await AuditTrail.RecordAsync(session, entry, cancellationToken);
        return await session.CommitAsync(Results.Accepted(), cancellationToken);
    }

    private const string DeliverableSql = """
        select d.channel_id
        from notifications.delivery d
        join notifications.channel c on c.id = d.channel_id and not c.disabled and c.deleted_at is null
        where d.event_id = @id
        order by d.id
        """;

    private const string ResendSql = """
        update notifications.delivery
        set state = 'RESENDING', reason = '', tries = 0, next_attempt_at = @now, updated_at = @now
        where event_id = @id and channel_id = any(@channels)
        """;

    /// <param name="Channels">Ids; absent or empty: all of the event.</param>
    private sealed record ResendRequest(ImmutableArray<string>? Channels = null);
}
