using Metering.Contracts.Messages;
using Metering.Platform.Auditing;
using Metering.Platform.Database;
using Metering.Platform.Http;
using Metering.Platform.Identifiers;
using Metering.Platform.Messaging;
using Metering.Platform.OpenApi;
using Metering.Platform.Problems;
using Metering.Platform.Security;
using Metering.Subscriptions.Entitlements;
using Metering.Subscriptions.Snapshots;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using NodaTime;

namespace Metering.Subscriptions.Subscribing;

/// <summary>
/// <c>POST /api/v1/subscriptions/{id}/cancel</c>: it ends now, with its billing period, or at an instant. Access ends at the same instant.
/// </summary>
internal static class CancelSubscription
{
    public static void Map(IEndpointRouteBuilder routes) =>
        routes.MapPost("/api/v1/subscriptions/{id}/cancel", CancelAsync).RequireScope(Scope.CustomersWrite).Audited("subscription.cancel")
            .WithName("cancelSubscription").WithSummary("End a subscription").Produces<SubscriptionView>()
            .WithTags("Subscriptions")
            .WithExample("""{"timing":"next_billing_cycle"}""");

    private static async Task<IResult> CancelAsync(
        string id, CancelBody body, IfMatch ifMatch, MeteringDatabase database, EntitlementSync entitlements, IClock clock,
        CancellationToken cancellationToken)
    {
        var now = clock.GetCurrentInstant();
        await using var session = await database.BeginAsync(cancellationToken);
        if (!PublicId.TryParse(id, out var guid) || await FindForChangeAsync(session, guid, cancellationToken) is not { } row)
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

        if (Timing.Resolve(body.Timing, now, row.Calendar) is not { } activeTo)
        {
            return Problem.Invalid("/timing", "invalid_timing", "A timing is immediate, next_billing_cycle or an RFC 3339 time.");
        }

        if (activeTo < now)
        {
            return Problem.Invalid("/timing", "time_in_the_past", $"A subscription ends now or later, and now is {now}.");
        }

        await session.ExecuteAsync(EndSql, new { row.Id, activeTo, now }, cancellationToken);
        await AccessBoundaries.AddAsync(session, row.CustomerId, activeTo, now, cancellationToken);
        await entitlements.SyncAsync(session, row.CustomerId, now, cancellationToken);
        await Outbox.AddAsync(session, new SubscriptionEnded(row.Id, row.CustomerId, activeTo), cancellationToken);
        await SnapshotVersions.BumpAsync(session, [row.CustomerId], cancellationToken);
        var after = (await SubscriptionRow.FindAsync(session, row.Id, cancellationToken))!;
        var (before, view) = (row.ToView(now, phases: null), after.ToView(now, phases: null));
        await AuditTrail.RecordAsync(session, new AuditEntry("subscription.cancel", view.Id, now, before, view), cancellationToken);
        return await session.CommitAsync(Results.Ok(view).WithTag(after.Tag), cancellationToken);
    }

    /// <summary>The customer is locked, as for every change to what it may do.</summary>
    private static async Task<SubscriptionRow?> FindForChangeAsync(DbSession session, Guid id, CancellationToken cancellationToken)
    {
        await session.ExecuteAsync(LockSql, new { id }, cancellationToken);
        return await SubscriptionRow.FindAsync(session, id, cancellationToken);
    }

    private const string LockSql = """
        select c.id
        from subscriptions.customer c
        where c.id = (select customer_id from subscriptions.subscription where id = @id)
        for update
        """;

    private const string EndSql = "update subscriptions.subscription set active_to = @activeTo, updated_at = @now where id = @Id";

    private sealed record CancelBody(string? Timing = null);
}
