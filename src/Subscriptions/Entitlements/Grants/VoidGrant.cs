using Metering.Platform.Auditing;
using Metering.Platform.Database;
using Metering.Platform.Http;
using Metering.Platform.Identifiers;
using Metering.Platform.Problems;
using Metering.Platform.Security;
using Metering.Subscriptions.Entitlements.Balances;
using Metering.Subscriptions.Leases;
using Metering.Subscriptions.Snapshots;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using NodaTime;

namespace Metering.Subscriptions.Entitlements.Grants;

/// <summary>
/// <c>DELETE /api/v1/grants/{grantId}?at=</c>: nothing more is burnt from the grant. What it covered stays covered; where more is leased than
/// is allowed after it, nothing is granted until that has come back.
/// </summary>
internal sealed class VoidGrant(MeteringDatabase database, PoolAllowances allowances, IClock clock)
{
    public static void Map(IEndpointRouteBuilder routes) => routes.MapDelete(
        "/api/v1/grants/{grantId}",
        (string grantId, string? at, VoidGrant slice, CancellationToken cancellationToken) => slice.VoidAsync(grantId, at, cancellationToken))
        .RequireScope(Scope.CustomersWrite).Audited("grant.void")
        .WithName("voidGrant").WithSummary("Void a grant").Produces(204);

    private async Task<IResult> VoidAsync(string grantId, string? atText, CancellationToken cancellationToken)
    {
        var now = clock.GetCurrentInstant();
        var at = now;
        if (atText is not null && !InstantConverter.TryParse(atText, out at))
        {
            return Problem.Invalid("?at", "invalid_time", InstantConverter.Expected);
        }

        await using var session = await database.BeginAsync(cancellationToken);
        if (!PublicId.TryParse(grantId, out var id) || await FindForChangeAsync(session, id, cancellationToken) is not { } grant)
        {
            return Problem.NotFound("grant", grantId);
        }

        var issuedFor = (await EntitlementRow.FindAsync(session, grant.EntitlementId, cancellationToken))!;
        var entitlement = await TopUps.HolderAsync(session, issuedFor, now, cancellationToken);
        await EntitlementRow.LockAsync(session, entitlement.Id, cancellationToken);
        var account = await BalanceAccount.LoadAsync(session, entitlement, cancellationToken);
        if (Refuse(grant, at, account.Periods.LastResetAt(now), now) is { } refusal)
        {
            return refusal;
        }

        await session.ExecuteAsync(VoidSql, new { id, at, now }, cancellationToken);
        await BalanceSnapshots.ForgetFromAsync(session, issuedFor.Id, at, cancellationToken);
        await BalanceSnapshots.ForgetFromAsync(session, entitlement.Id, at, cancellationToken);
        await allowances.RefreshOpenAsync(session, entitlement.Id, now, cancellationToken);
        await SnapshotVersions.BumpAsync(session, [entitlement.CustomerId], cancellationToken);
        var (before, after) = (GrantView.Of(grant, now), GrantView.Of(grant with { VoidedAt = at, UpdatedAt = now }, now));
        await AuditTrail.RecordAsync(session, new AuditEntry("grant.void", after.Id, now, before, after), cancellationToken);
        return await session.CommitAsync(Results.NoContent(), cancellationToken);
    }

    /// <summary>In order of precedence: when, whose, whether it still is in force.</summary>
    private static IResult? Refuse(GrantRow grant, Instant at, Instant periodStart, Instant now) =>
        at > now ? Problem.Invalid("?at", "time_in_the_future", $"A grant is voided now or earlier, and now is {now}.")
        : at < periodStart && at != now
            ? Problem.Invalid("?at", "before_usage_period", $"A grant is voided within the running usage period, which began at {periodStart}.")
        : grant.Origin == EntitlementRow.OfSubscription ? Problem.Of(
            ProblemType.Conflict, "A subscription grants this; change the subscription.")
        : grant.VoidedAt is not null ? Problem.Of(ProblemType.Conflict, "The grant is void already.")
        : grant.ExpiresAt <= at ? Problem.Of(ProblemType.Conflict, "The grant has expired.")
        : null;

    /// <summary>The customer first, then the entitlement, as everybody who changes either.</summary>
    private static async Task<GrantRow?> FindForChangeAsync(DbSession session, Guid id, CancellationToken cancellationToken)
    {
        await session.ExecuteAsync(LockCustomerSql, new { id }, cancellationToken);
        await session.ExecuteAsync(LockEntitlementSql, new { id }, cancellationToken);
        return await session.FirstOrNoneAsync<GrantRow>(GrantRow.SelectSql + " where g.id = @id", new { id }, cancellationToken);
    }

    private const string LockCustomerSql = """
        select id
        from subscriptions.customer
        where id = (
            select e.customer_id
            from subscriptions.entitlement_grant g
            join subscriptions.entitlement e on e.id = g.entitlement_id
            where g.id = @id
        )
        for update
        """;

    private const string LockEntitlementSql = """
        select id
        from subscriptions.entitlement
        where id = (select entitlement_id from subscriptions.entitlement_grant where id = @id)
        for no key update
        """;

    private const string VoidSql = "update subscriptions.entitlement_grant set voided_at = @at, updated_at = @now where id = @id";
}
