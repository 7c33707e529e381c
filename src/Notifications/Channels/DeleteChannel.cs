using Metering.Notifications.Secrets;
using Metering.Platform.Auditing;
using Metering.Platform.Database;
using Metering.Platform.Http;
using Metering.Platform.Problems;
using Metering.Platform.Security;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using NodaTime;

namespace Metering.Notifications.Channels;

/// <summary>
/// <c>DELETE /api/v1/notification/channels/{channelId}</c>: nothing more goes there, and what was on its way is given up. Refused while a rule
/// names it: a rule without a channel would be silent without saying so.
/// </summary>
internal static class DeleteChannel
{
    public static void Map(IEndpointRouteBuilder routes) => routes.MapDelete("/api/v1/notification/channels/{channelId}", DeleteAsync)
        .RequireScope(Scope.NotificationsWrite).Audited("notification_channel.delete")
        .WithName("deleteNotificationChannel").WithSummary("Delete a channel").Produces(204).WithTags(NotificationsModule.Tag);

    private static async Task<IResult> DeleteAsync(
        string channelId, IfMatch ifMatch, MeteringDatabase database, SecretBox box, IClock clock, CancellationToken cancellationToken)
    {
        var now = clock.GetCurrentInstant();
        await using var session = await database.BeginAsync(cancellationToken);
        if (await ChannelRow.FindForChangeAsync(session, channelId, cancellationToken) is not { } row)
        {
            return Problem.NotFound("channel", channelId);
        }

        if (ifMatch.Refuse(row.Tag) is { } stale)
        {
            return stale;
        }

        if (await session.SingleAsync<bool>(UsedSql, new { row.Id }, cancellationToken))
        {
            return Problem.Of(ProblemType.Conflict, "A rule names the channel; take it out of the rule first.");
        }

        await session.ExecuteAsync(DeleteSql, new { row.Id, now }, cancellationToken);
        var before = row.ToAuditView(row.Open(box));
        await AuditTrail.RecordAsync(session, new AuditEntry("notification_channel.delete", before.Id, now, before, null), cancellationToken);
        await session.CommitAsync(cancellationToken);
        return Results.NoContent();
    }

    private const string UsedSql = """
        select exists (
            select from notifications.rule_channel c
            join notifications.rule r on r.id = c.rule_id and r.deleted_at is null
            where c.channel_id = @Id
        )
        """;

    private const string DeleteSql = """
        update notifications.channel set deleted_at = @now, updated_at = @now where id = @Id;
        update notifications.delivery
        set state = 'FAILED', reason = 'the channel was deleted', next_attempt_at = null, updated_at = @now
        where channel_id = @Id and next_attempt_at is not null
        """;
}
