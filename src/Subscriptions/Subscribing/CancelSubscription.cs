using Metering.Platform.Auditing;
using Metering.Platform.Database;
using Metering.Platform.Http;
using Metering.Platform.OpenApi;
using Metering.Platform.Problems;
using Metering.Platform.Security;
using Metering.Subscriptions.Entitlements;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using NodaTime;

namespace Metering.Subscriptions.Subscribing;

/// <summary>
/// <c>POST /api/v1/subscriptions/{id}/cancel</c>: it ends now, with its billing period, or at an instant. Access ends at the same instant, and
/// what was paid for the time after it is given back. <c>DELETE /api/v1/subscriptions/{id}</c>: one that has not started never was.
/// </summary>
internal static class CancelSubscription
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPost("/api/v1/subscriptions/{id}/cancel", CancelAsync).RequireScope(Scope.CustomersWrite).Audited("subscription.cancel")
            .WithName("cancelSubscription").WithSummary("End a subscription").Produces<SubscriptionView>()
            .WithTags("Subscriptions")
            .WithExample("""{"timing":"next_billing_cycle"}""");
        routes.MapDelete("/api/v1/subscriptions/{id}", DeleteAsync).RequireScope(Scope.CustomersWrite).Audited("subscription.delete")
            .WithName("deleteSubscription").WithSummary("Delete a subscription that has not started").Produces(204).WithTags("Subscriptions");
    }

    private static async Task<IResult> CancelAsync(
        string id, CancelBody? body, IfMatch ifMatch, MeteringDatabase database, EntitlementSync entitlements, IClock clock,
        CancellationToken cancellationToken)
    {
        var now = clock.GetCurrentInstant();
        await using var session = await database.BeginAsync(cancellationToken);
        if (await SubscriptionRow.FindForChangeAsync(session, id, cancellationToken) is not { } row)
        {
            return Problem.NotFound("subscription", id);
        }

        if (ifMatch.Refuse(row.Tag) is { } stale)
        {
            return stale;
        }

        if (row.StatusAt(now) is not "active" and var status)
        {
            return Problem.Of(ProblemType.Conflict, $"The subscription is {status}; only an active one can be cancelled.");
        }

        if (Timing.TryResolve(body?.Timing, now, row.Calendar, out var activeTo) is { } untimely)
        {
            return untimely;
        }

        var after = await SubscriptionWriting.EndAsync(session, row, activeTo, "canceled", now, cancellationToken);
        if (await SubscriptionWriting.EntitleAsync(session, entitlements, row.CustomerId, now, cancellationToken) is { } refused)
        {
            return refused;
        }

        await SubscriptionWriting.AuditAsync(session, "subscription.cancel", row, after, now, cancellationToken);
        return await session.CommitAsync(Results.Ok(after.ToView(now, phases: null)).WithTag(after.Tag), cancellationToken);
    }

    private static async Task<IResult> DeleteAsync(
        string id, IfMatch ifMatch, MeteringDatabase database, EntitlementSync entitlements, IClock clock, CancellationToken cancellationToken)
    {
        var now = clock.GetCurrentInstant();
        await using var session = await database.BeginAsync(cancellationToken);
        if (await SubscriptionRow.FindForChangeAsync(session, id, cancellationToken) is not { } row)
        {
            return Problem.NotFound("subscription", id);
        }

        if (ifMatch.Refuse(row.Tag) is { } stale)
        {
            return stale;
        }

        if (row.StatusAt(now) is not "scheduled" and var status)
        {
            return Problem.Of(ProblemType.Conflict, $"The subscription is {status}; only a scheduled one can be deleted. Cancel it instead.");
        }

        await SubscriptionWriting.DeleteAsync(session, row, now, cancellationToken);
        if (await SubscriptionWriting.EntitleAsync(session, entitlements, row.CustomerId, now, cancellationToken) is { } refused)
        {
            return refused;
        }

        await session.CommitAsync(cancellationToken);
        return Results.NoContent();
    }

    private sealed record CancelBody(string? Timing = null);
}
