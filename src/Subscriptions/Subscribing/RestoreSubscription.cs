using Metering.Platform.Auditing;
using Metering.Platform.Database;
using Metering.Platform.Http;
using Metering.Platform.Problems;
using Metering.Platform.Security;
using Metering.Subscriptions.Entitlements;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using NodaTime;

namespace Metering.Subscriptions.Subscribing;

/// <summary>
/// A cancelled subscription that still runs goes on as if nothing had been said: its items, quotas and periods are the same.
/// <c>POST …/unschedule-cancelation</c>: unless another one is to follow. <c>POST …/restore</c>: and what was to follow is deleted.
/// </summary>
internal static class RestoreSubscription
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPost("/api/v1/subscriptions/{id}/unschedule-cancelation", UnscheduleAsync)
            .RequireScope(Scope.CustomersWrite).Audited("subscription.restore")
            .WithName("unscheduleCancelation").WithSummary("Let a cancelled subscription go on")
            .Produces<SubscriptionView>().WithTags("Subscriptions");
        routes.MapPost("/api/v1/subscriptions/{id}/restore", RestoreAsync).RequireScope(Scope.CustomersWrite).Audited("subscription.restore")
            .WithName("restoreSubscription").WithSummary("Let a cancelled subscription go on instead of what was to follow")
            .Produces<SubscriptionView>().WithTags("Subscriptions");
    }

    private static Task<IResult> UnscheduleAsync(
        string id, IfMatch ifMatch, MeteringDatabase database, EntitlementSync entitlements, IClock clock, CancellationToken cancellationToken) =>
        ContinueAsync(id, ifMatch, deletesLater: false, database, entitlements, clock.GetCurrentInstant(), cancellationToken);

    private static Task<IResult> RestoreAsync(
        string id, IfMatch ifMatch, MeteringDatabase database, EntitlementSync entitlements, IClock clock, CancellationToken cancellationToken) =>
        ContinueAsync(id, ifMatch, deletesLater: true, database, entitlements, clock.GetCurrentInstant(), cancellationToken);

    private static async Task<IResult> ContinueAsync(
        string id, IfMatch ifMatch, bool deletesLater, MeteringDatabase database, EntitlementSync entitlements, Instant now,
        CancellationToken cancellationToken)
    {
        await using var session = await database.BeginAsync(cancellationToken);
        if (await SubscriptionRow.FindForChangeAsync(session, id, cancellationToken) is not { } row)
        {
            return Problem.NotFound("subscription", id);
        }

        if (ifMatch.Refuse(row.Tag) is { } stale)
        {
            return stale;
        }

        if (row.StatusAt(now) is not "canceled" and var status)
        {
            return Problem.Of(ProblemType.Conflict, $"The subscription is {status}; only a cancelled one that still runs can go on.");
        }

        foreach (var later in await SubscriptionRow.OfCustomerAsync(session, row.CustomerId, cancellationToken))
        {
            if (deletesLater && later.StatusAt(now) == "scheduled")
            {
                await SubscriptionWriting.DeleteAsync(session, later, now, cancellationToken);
            }
        }

        if (await SubscriptionOverlap.RefuseFollowedAsync(session, row, now, cancellationToken) is { } followed)
        {
            return followed;
        }

        var after = await SubscriptionWriting.EndAsync(session, row, activeTo: null, "uncanceled", now, cancellationToken);
        if (await SubscriptionWriting.EntitleAsync(session, entitlements, row.CustomerId, now, cancellationToken) is { } refused)
        {
            return refused;
        }

        await SubscriptionWriting.AuditAsync(session, "subscription.restore", row, after, now, cancellationToken);
        return await session.CommitAsync(Results.Ok(after.ToView(now, phases: null)).WithTag(after.Tag), cancellationToken);
    }
}
