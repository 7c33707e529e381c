using Metering.Platform.Database;
using Metering.Platform.Problems;
using Metering.Platform.Security;
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
        routes.MapPost("/api/v1/subscriptions/{id}/unschedule-cancelation", UnscheduleAsync).RequireScope(Scope.CustomersWrite);
        routes.MapPost("/api/v1/subscriptions/{id}/restore", RestoreAsync).RequireScope(Scope.CustomersWrite);
    }

    private static Task<IResult> UnscheduleAsync(string id, MeteringDatabase database, IClock clock, CancellationToken cancellationToken) =>
        ContinueAsync(id, deletesLater: false, database, clock.GetCurrentInstant(), cancellationToken);

    private static Task<IResult> RestoreAsync(string id, MeteringDatabase database, IClock clock, CancellationToken cancellationToken) =>
        ContinueAsync(id, deletesLater: true, database, clock.GetCurrentInstant(), cancellationToken);

    private static async Task<IResult> ContinueAsync(
        string id, bool deletesLater, MeteringDatabase database, Instant now, CancellationToken cancellationToken)
    {
        await using var session = await database.BeginAsync(cancellationToken);
        if (await SubscriptionRow.FindForChangeAsync(session, id, cancellationToken) is not { } row)
        {
            return Problem.NotFound("subscription", id);
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

        if (await SubscriptionStart.RefuseOverlapAsync(session, row.CustomerId, row.ActiveFrom, row.Id, now, cancellationToken) is { } overlap)
        {
            return overlap;
        }

        var after = await SubscriptionWriting.EndAsync(session, row, activeTo: null, "uncanceled", now, cancellationToken);
        await session.CommitAsync(cancellationToken);
        return Results.Ok(after.ToView(now, phases: null));
    }
}
