using Metering.Notifications.Events;
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

/// <summary><c>POST /api/v1/notification/rules/{ruleId}/test</c>: an event with made-up data goes to the rule's channels.</summary>
internal static class TestRule
{
    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/api/v1/notification/rules/{ruleId}/test", TestAsync)
        .RequireScope(Scope.NotificationsWrite).Audited("notification_rule.test")
        .WithName("testNotificationRule").WithSummary("Send a made-up event of a rule").Produces<EventView>(201).WithTags(NotificationsModule.Tag);

    private static async Task<IResult> TestAsync(string ruleId, MeteringDatabase database, IClock clock, CancellationToken cancellationToken)
    {
        var now = clock.GetCurrentInstant();
        await using var session = await database.BeginAsync(cancellationToken);
        if (await RuleRow.FindForChangeAsync(session, ruleId, cancellationToken) is not { } row)
        {
            return Problem.NotFound("rule", ruleId);
        }

        var id = await EventWriting.AddAsync(session, row, SampleData.Of(row, now), now, cancellationToken);
        var view = (await EventRow.ViewsAsync(session, [(await EventRow.FindAsync(session, id, cancellationToken))!], cancellationToken)).Single();
        await AuditTrail.RecordAsync(
            session, new AuditEntry("notification_rule.test", row.ToView().Id, now, row.ToView(), row.ToView()), cancellationToken);
        return await session.CommitAsync(Results.Created($"/api/v1/notification/events/{view.Id}", view), cancellationToken);
    }
}
