using Metering.Platform.Auditing;
using Metering.Platform.Database;
using Metering.Platform.Http;
using Metering.Platform.OpenApi;
using Metering.Platform.Problems;
using Metering.Platform.Security;
using Metering.Subscriptions.Customers;
using Metering.Subscriptions.Entitlements.Balances;
using Metering.Subscriptions.Leases;
using Metering.Subscriptions.Snapshots;
using Metering.Subscriptions.Wire;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using NodaTime;

namespace Metering.Subscriptions.Entitlements.Grants;

/// <summary>
/// <c>POST …/entitlements/{entitlementIdOrFeatureKey}/grants</c>: a top-up, also of what a plan entitles to. The limit rises as soon as the
/// grant is effective, and sidecars hear of it.
/// </summary>
internal sealed class IssueGrant(MeteringDatabase database, PoolAllowances allowances, IClock clock)
{
    private const int MaxGrants = 10_000;

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPost("/api/v2/customers/{customerIdOrKey}/entitlements/{entitlementIdOrFeatureKey}/grants", (
            string customerIdOrKey, string entitlementIdOrFeatureKey, GrantBody body, IssueGrant slice, CancellationToken cancellationToken) =>
            slice.IssueAsync(EntitlementOwner.Customer(customerIdOrKey), entitlementIdOrFeatureKey, body, cancellationToken))
            .RequireScope(Scope.CustomersWrite).Audited("grant.issue")
            .WithName("createCustomerEntitlementGrantV2").WithSummary("Issue a grant").Produces<GrantView>(201)
            .WithExample(
                """{"amount":500,"priority":1,"effectiveAt":"2026-01-15T09:00:00Z","expiration":{"duration":"MONTH","count":3}}""");
        routes.MapPost("/api/v1/subjects/{subjectIdOrKey}/entitlements/{entitlementIdOrFeatureKey}/grants", (
            string subjectIdOrKey, string entitlementIdOrFeatureKey, GrantBody body, IssueGrant slice, CancellationToken cancellationToken) =>
            slice.IssueAsync(EntitlementOwner.Subject(subjectIdOrKey), entitlementIdOrFeatureKey, body, cancellationToken))
            .RequireScope(Scope.CustomersWrite).Audited("grant.issue")
            .WithName("createGrant").WithSummary("Issue a grant to a subject's entitlement").Produces<GrantView>(201);
    }

    private async Task<IResult> IssueAsync(EntitlementOwner owner, string idOrFeatureKey, GrantBody body, CancellationToken cancellationToken)
    {
        var now = clock.GetCurrentInstant();
        await using var session = await database.BeginAsync(cancellationToken);
        var (entitlement, notFound) = await owner.EntitlementForChangeAsync(session, idOrFeatureKey, now, cancellationToken);
        if (entitlement is null || entitlement.DeletedAt is not null)
        {
            return notFound ?? Problem.NotFound("entitlement", idOrFeatureKey);
        }

        if (Refuse(entitlement, now) is { } refusal)
        {
            return refusal;
        }

        var account = await BalanceAccount.LoadAsync(session, entitlement, cancellationToken);
        var errors = new FieldErrors();
        body.Check("", Instant.Min(now, account.Periods.LastResetAt(now)), now, errors);
        if (errors.Any)
        {
            return errors.ToResult();
        }

        if (account.Grants.Length >= MaxGrants)
        {
            return Problem.Of(ProblemType.Conflict, $"The entitlement has {MaxGrants} grants; override it to begin anew.");
        }

        var customer = await CustomerRow.FindAsync(session, entitlement.CustomerId, cancellationToken);
        var grant = body.ToRow(entitlement, customer!.Zone, rollsOver: !owner.IsSubject, now);
        await session.ExecuteAsync(GrantRow.InsertSql, grant, cancellationToken);
        await BalanceSnapshots.ForgetFromAsync(session, entitlement.Id, grant.EffectiveAt, cancellationToken);
        await allowances.RefreshOpenAsync(session, entitlement.Id, now, cancellationToken);
        await SnapshotVersions.BumpAsync(session, [entitlement.CustomerId], cancellationToken);
        var view = GrantView.Of(grant, now);
        await AuditTrail.RecordAsync(session, new AuditEntry("grant.issue", view.Id, now, null, view), cancellationToken);
        return await session.CommitAsync(Results.Created((string?)null, view), cancellationToken);
    }

    private static IResult? Refuse(EntitlementRow entitlement, Instant now) =>
        !entitlement.IsMetered ? EntitlementConflict.NotMetered()
        : !entitlement.IsActiveAt(now) ? EntitlementConflict.NotActive()
        : null;
}
