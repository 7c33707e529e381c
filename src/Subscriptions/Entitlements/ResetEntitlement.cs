using Metering.Contracts.Messages;
using Metering.Platform.Auditing;
using Metering.Platform.Database;
using Metering.Platform.Http;
using Metering.Platform.Messaging;
using Metering.Platform.Problems;
using Metering.Platform.Security;
using Metering.Rating;
using Metering.Subscriptions.Customers;
using Metering.Subscriptions.Entitlements.Balances;
using Metering.Subscriptions.Leases;
using Metering.Subscriptions.Snapshots;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using NodaTime;

namespace Metering.Subscriptions.Entitlements;

/// <summary>
/// <c>POST …/entitlements/{entitlementIdOrFeatureKey}/reset</c>: a usage period begins before its time; grants roll over, and sidecars spend
/// from a new pool.
/// </summary>
internal sealed class ResetEntitlement(MeteringDatabase database, PoolEpochs epochs, IClock clock)
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPost("/api/v2/customers/{customerIdOrKey}/entitlements/{entitlementIdOrFeatureKey}/reset", (
            string customerIdOrKey, string entitlementIdOrFeatureKey, ResetBody? body, IfMatch ifMatch, ResetEntitlement slice,
            CancellationToken cancellationToken) =>
            slice.ResetAsync(EntitlementOwner.Customer(customerIdOrKey), entitlementIdOrFeatureKey, body, ifMatch, cancellationToken))
            .RequireScope(Scope.CustomersWrite).Audited("entitlement.reset")
            .WithName("resetCustomerEntitlementUsageV2").WithSummary("Begin a new usage period").Produces(204);
        routes.MapPost("/api/v1/subjects/{subjectIdOrKey}/entitlements/{entitlementId}/reset", (
            string subjectIdOrKey, string entitlementId, ResetBody? body, IfMatch ifMatch, ResetEntitlement slice,
            CancellationToken cancellationToken) =>
            slice.ResetAsync(EntitlementOwner.Subject(subjectIdOrKey), entitlementId, body, ifMatch, cancellationToken))
            .RequireScope(Scope.CustomersWrite).Audited("entitlement.reset")
            .WithName("resetEntitlementUsage").WithSummary("Begin a new usage period of a subject's entitlement").Produces(204);
    }

    private async Task<IResult> ResetAsync(
        EntitlementOwner owner, string idOrFeatureKey, ResetBody? body, IfMatch ifMatch, CancellationToken cancellationToken)
    {
        var now = clock.GetCurrentInstant();
        await using var session = await database.BeginAsync(cancellationToken);
        var (row, notFound) = await owner.EntitlementForChangeAsync(session, idOrFeatureKey, now, cancellationToken);
        if (row is null || row.DeletedAt is not null)
        {
            return notFound ?? Problem.NotFound("entitlement", idOrFeatureKey);
        }

        var before = await EntitlementViews.OneAsync(session, row, owner.SubjectKey, now, cancellationToken);
        if (ifMatch.Refuse(before.Tag) is { } stale)
        {
            return stale;
        }

        if (!row.IsMetered)
        {
            return EntitlementConflict.NotMetered();
        }

        if (!row.IsActiveAt(now))
        {
            return EntitlementConflict.NotActive();
        }

        var account = await BalanceAccount.LoadAsync(session, row, cancellationToken);
        var at = body?.EffectiveAt ?? now;
        if (account.Periods.Refuses(at, now) is { } refusal)
        {
            return Refused(refusal);
        }

        await AddTurnAsync(session, account, at, body, now, cancellationToken);
        await BalanceSnapshots.ForgetFromAsync(session, row.Id, at, cancellationToken);
        await epochs.BeginAsync(session, row, at, now, cancellationToken);
        await Outbox.AddAsync(session, new EntitlementReset(row.Id, row.CustomerId, at), cancellationToken);
        await SnapshotVersions.BumpAsync(session, [row.CustomerId], cancellationToken);
        var after = await EntitlementViews.OneAsync(session, row, owner.SubjectKey, now, cancellationToken);
        await AuditTrail.RecordAsync(
            session, new AuditEntry("entitlement.reset", after.View.Id, now, before.View, after.View), cancellationToken);
        return await session.CommitAsync(Results.NoContent(), cancellationToken);
    }

    private static async Task AddTurnAsync(
        DbSession session, BalanceAccount account, Instant at, ResetBody? body, Instant now, CancellationToken cancellationToken)
    {
        var row = account.Entitlement;
        var retains = body?.RetainAnchor ?? false;
        var calendar = account.Periods.CalendarAt(at);
        if (!retains)
        {
            // A move to another zone that waits for the end of the period need wait no more: the new calendar is in that zone already.
            await session.ExecuteAsync(ForgetLaterSql, new { row.Id, at }, cancellationToken);
        }

        var customer = await CustomerRow.FindAsync(session, row.CustomerId, cancellationToken);
        var turn = new
        {
            row.Id,
            at,
            preserveOverage = body?.PreserveOverage ?? row.PreserveOverage,
            anchor = retains ? calendar.Anchor : at,
            timeZone = retains ? calendar.Zone.Id : customer!.TimeZone,
            now,
        };
        await session.ExecuteAsync(InsertSql, turn, cancellationToken);
    }

    private static IResult Refused(ResetRefusal refusal) => refusal switch
    {
        ResetRefusal.InTheFuture => Problem.Invalid("/effectiveAt", "time_in_the_future", "Usage is reset now or earlier."),
        ResetRefusal.BeforeMeasurement => Problem.Invalid("/effectiveAt", "before_measurement", "Nothing was measured at that time."),
        ResetRefusal.BeforeCurrentPeriod => Problem.Invalid("/effectiveAt", "before_usage_period", "The usage period of that time is over."),
        ResetRefusal.AtLastReset => Problem.Invalid("/effectiveAt", "at_last_reset", "Usage counts from that very instant already."),
    };

    private const string ForgetLaterSql = "delete from subscriptions.entitlement_turn where entitlement_id = @Id and at > @at";

    private const string InsertSql = """
        insert into subscriptions.entitlement_turn (entitlement_id, at, is_reset, preserve_overage, anchor, time_zone, created_at)
        values (@Id, @at, true, @preserveOverage, @anchor, @timeZone, @now)
        """;

    /// <param name="EffectiveAt">Now when absent; within the running usage period.</param>
    /// <param name="RetainAnchor">Later periods end where they would have ended anyway; otherwise they are counted from this reset.</param>
    /// <param name="PreserveOverage">As the entitlement says when absent.</param>
    private sealed record ResetBody(Instant? EffectiveAt = null, bool? RetainAnchor = null, bool? PreserveOverage = null);
}
