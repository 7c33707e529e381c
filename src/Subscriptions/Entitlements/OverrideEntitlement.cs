using Metering.Platform.Auditing;
using Metering.Platform.Database;
using Metering.Platform.Http;
using Metering.Platform.Problems;
using Metering.Platform.Security;
using Metering.Subscriptions.Customers;
using Metering.Subscriptions.Snapshots;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using NodaTime;

namespace Metering.Subscriptions.Entitlements;

/// <summary>
/// <c>PUT …/entitlements/{entitlementIdOrFeatureKey}/override</c>: another entitlement to the same feature takes the place of this one, with
/// no moment in between.
/// </summary>
internal sealed class OverrideEntitlement(MeteringDatabase database, EntitlementSync sync, IClock clock)
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPut("/api/v2/customers/{customerIdOrKey}/entitlements/{entitlementIdOrFeatureKey}/override", (
            string customerIdOrKey, string entitlementIdOrFeatureKey, EntitlementBody body, IfMatch ifMatch, OverrideEntitlement slice,
            CancellationToken cancellationToken) =>
            slice.ReplaceAsync(EntitlementOwner.Customer(customerIdOrKey), entitlementIdOrFeatureKey, body, ifMatch, cancellationToken))
            .RequireScope(Scope.CustomersWrite).Audited("entitlement.override")
            .WithName("overrideCustomerEntitlementV2").WithSummary("Replace an entitlement by another of the same feature")
            .Produces<EntitlementView>(201);
        routes.MapPut("/api/v1/subjects/{subjectIdOrKey}/entitlements/{entitlementIdOrFeatureKey}/override", (
            string subjectIdOrKey, string entitlementIdOrFeatureKey, EntitlementBody body, IfMatch ifMatch, OverrideEntitlement slice,
            CancellationToken cancellationToken) =>
            slice.ReplaceAsync(EntitlementOwner.Subject(subjectIdOrKey), entitlementIdOrFeatureKey, body, ifMatch, cancellationToken))
            .RequireScope(Scope.CustomersWrite).Audited("entitlement.override")
            .WithName("overrideEntitlement").WithSummary("Replace a subject's entitlement by another of the same feature")
            .Produces<EntitlementView>(201);
    }

    private async Task<IResult> ReplaceAsync(
        EntitlementOwner owner, string idOrFeatureKey, EntitlementBody body, IfMatch ifMatch, CancellationToken cancellationToken)
    {
        var now = clock.GetCurrentInstant();
        await using var session = await database.BeginAsync(cancellationToken);
        var (before, notFound) = await owner.EntitlementForChangeAsync(session, idOrFeatureKey, now, cancellationToken);
        if (before is null || before.DeletedAt is not null)
        {
            return notFound ?? Problem.NotFound("entitlement", idOrFeatureKey);
        }

        var old = await EntitlementViews.OneAsync(session, before, owner.SubjectKey, now, cancellationToken);
        if (ifMatch.Refuse(old.Tag) is { } stale)
        {
            return stale;
        }

        var customer = (await CustomerRow.FindAsync(session, before.CustomerId, cancellationToken))!;
        var feature = await EntitlementWriting.FeatureOfAsync(session, body, cancellationToken);
        if (body.Check(feature, customer.Zone, now) is { Any: true } errors)
        {
            return errors.ToResult();
        }

        if (feature!.Id != before.FeatureId)
        {
            return Problem.Invalid(
                body.FeatureId is null ? "/featureKey" : "/featureId", "not_the_same", $"The entitlement is to {before.FeatureKey} and stays so.");
        }

        if (before.IsOfSubscription)
        {
            return EntitlementConflict.OfSubscription();
        }

        if (!before.IsActiveAt(now))
        {
            return EntitlementConflict.NotActive();
        }

        await EntitlementWriting.EndAsync(session, before, now, cancellationToken);
        var row = await EntitlementWriting.InsertAsync(session, customer, body, feature, rollsOver: !owner.IsSubject, now, cancellationToken);
        await sync.SyncAsync(session, customer.Id, now, cancellationToken);
        await SnapshotVersions.BumpAsync(session, [customer.Id], cancellationToken);
        var shown = await EntitlementViews.OneAsync(session, row, owner.SubjectKey, now, cancellationToken);
        await AuditTrail.RecordAsync(
            session, new AuditEntry("entitlement.override", old.View.Id, now, old.View, shown.View), cancellationToken);
        return await session.CommitAsync(shown.ToCreated(), cancellationToken);
    }
}
