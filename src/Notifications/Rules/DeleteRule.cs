using Metering.Platform.Auditing;
using Metering.Platform.Database;
using Metering.Platform.Http;
using Metering.Platform.Problems;
using Metering.Platform.Security;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using NodaTime;

namespace Metering.Notifications.Rules;

/// <summary><c>DELETE /api/v1/notification/rules/{ruleId}</c>: it makes no more events; those it has made are still delivered.</summary>
internal static class DeleteRule
{
    public static void Map(IEndpointRouteBuilder routes) => routes.MapDelete("/api/v1/notification/rules/{ruleId}", DeleteAsync)
        .RequireScope(Scope.NotificationsWrite).Audited("notification_rule.delete")
        .WithName("deleteNotificationRule").WithSummary("Delete a rule").Produces(204).WithTags(NotificationsModule.Tag);

    private static async Task<IResult> DeleteAsync(
        string ruleId, IfMatch ifMatch, MeteringDatabase database, IClock clock, CancellationToken cancellationToken)
    {
        var now = clock.GetCurrentInstant();
        await using var session = await database.BeginAsync(cancellationToken);
        if (await RuleRow.FindForChangeAsync(session, ruleId, cancellationToken) is not { } row)
        {
            return Problem.NotFound("rule", ruleId);
        }

        if (ifMatch.Refuse(row.Tag) is { } stale)
        {
            return stale;
        }

        await session.ExecuteAsync(
            "update notifications.rule set deleted_at = @now, updated_at = @now where id = @Id", new { row.Id, now }, cancellationToken);
        var before = row.ToView();
        await AuditTrail.RecordAsync(session, new AuditEntry("notification_rule.delete", before.Id, now, before, null), cancellationToken);
        await session.CommitAsync(cancellationToken);
        return Results.NoContent();
    }
}
