using Metering.Platform.Auditing;
using Metering.Platform.Database;
using Metering.Platform.Http;
using Metering.Platform.Problems;
using Metering.Platform.Security;
using Metering.Subscriptions.Snapshots;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using NodaTime;

namespace Metering.Subscriptions.Entitlements;

/// <summary>
/// <c>DELETE …/entitlements/{entitlementIdOrFeatureKey}</c>: access ends now. A subscription that entitles as well goes on by itself.
/// </summary>
internal sealed class DeleteEntitlement(MeteringDatabase database, EntitlementSync sync, IClock clock)
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapDelete("/api/v2/customers/{customerIdOrKey}/entitlements/{entitlementIdOrFeatureKey}", (
            string customerIdOrKey, string entitlementIdOrFeatureKey, IfMatch ifMatch, DeleteEntitlement slice,
            CancellationToken cancellationToken) =>
            slice.DeleteAsync(EntitlementOwner.Customer(customerIdOrKey), entitlementIdOrFeatureKey, ifMatch, cancellationToken))
            .RequireScope(Scope.CustomersWrite).Audited("entitlement.delete")
            .WithName("deleteCustomerEntitlementV2").WithSummary("End an entitlement").Produces(204);
        routes.MapDelete("/api/v1/subjects/{subjectIdOrKey}/entitlements/{entitlementId}", (
            string subjectIdOrKey, string entitlementId, IfMatch ifMatch, DeleteEntitlement slice, CancellationToken cancellationToken) =>
            slice.DeleteAsync(EntitlementOwner.Subject(subjectIdOrKey), entitlementId, ifMatch, cancellationToken))
            .RequireScope(Scope.CustomersWrite).Audited("entitlement.delete")
            .WithName("deleteEntitlement").WithSummary("End a subject's entitlement").Produces(204);
    }

    private async Task<IResult> DeleteAsync(EntitlementOwner owner, string idOrFeatureKey, IfMatch ifMatch, CancellationToken cancellationToken)
    {
        var now = clock.GetCurrentInstant();
        await using var session = await database.BeginAsync(cancellationToken);
        var (row, notFound) = await owner.EntitlementForChangeAsync(session, idOrFeatureKey, now, cancellationToken);
        if (row is null || row.DeletedAt is not null)
        {
            return notFound ?? Problem.NotFound("entitlement", idOrFeatureKey);
        }

        var shown = await EntitlementViews.OneAsync(session, row, owner.SubjectKey, now, cancellationToken);
        if (ifMatch.Refuse(shown.Tag) is { } stale)
        {
            return stale;
        }

        if (row.IsOfSubscription)
        {
            return EntitlementConflict.OfSubscription();
        }

        await EntitlementWriting.EndAsync(session, row, now, cancellationToken);
        await sync.SyncAsync(session, row.CustomerId, now, cancellationToken);
        await SnapshotVersions.BumpAsync(session, [row.CustomerId], cancellationToken);
        await AuditTrail.RecordAsync(session, new AuditEntry("entitlement.delete", shown.View.Id, now, shown.View, null), cancellationToken);
        return await session.CommitAsync(Results.NoContent(), cancellationToken);
    }
}
