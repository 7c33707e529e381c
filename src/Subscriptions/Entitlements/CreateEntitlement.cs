using Metering.Platform.Auditing;
using Metering.Platform.Database;
using Metering.Platform.Http;
using Metering.Platform.OpenApi;
using Metering.Platform.Security;
using Metering.Subscriptions.Snapshots;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using NodaTime;

namespace Metering.Subscriptions.Entitlements;

/// <summary><c>POST …/entitlements</c>: a customer is entitled to a feature, beside or without a subscription.</summary>
internal sealed class CreateEntitlement(MeteringDatabase database, EntitlementSync sync, IClock clock)
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPost("/api/v2/customers/{customerIdOrKey}/entitlements", (
            string customerIdOrKey, EntitlementBody body, CreateEntitlement slice, CancellationToken cancellationToken) =>
            slice.CreateAsync(EntitlementOwner.Customer(customerIdOrKey), body, cancellationToken))
            .RequireScope(Scope.CustomersWrite).Audited("entitlement.create")
            .WithName("createCustomerEntitlementV2").WithSummary("Entitle a customer to a feature").Produces<EntitlementView>(201)
            .WithExample(
                """{"type":"metered","featureKey":"tokens","isSoftLimit":false,"issueAfterReset":1000,"usagePeriod":{"interval":"MONTH"}}""",
                "createFeature");
        routes.MapPost("/api/v1/subjects/{subjectIdOrKey}/entitlements", (
            string subjectIdOrKey, EntitlementBody body, CreateEntitlement slice, CancellationToken cancellationToken) =>
            slice.CreateAsync(EntitlementOwner.Subject(subjectIdOrKey), body, cancellationToken))
            .RequireScope(Scope.CustomersWrite).Audited("entitlement.create")
            .WithName("createEntitlement").WithSummary("Entitle the customer of a subject to a feature").Produces<EntitlementView>(201);
    }

    private async Task<IResult> CreateAsync(EntitlementOwner owner, EntitlementBody body, CancellationToken cancellationToken)
    {
        var now = clock.GetCurrentInstant();
        await using var session = await database.BeginAsync(cancellationToken);
        if (await owner.FindForChangeAsync(session, cancellationToken) is not { } customer)
        {
            return owner.NotFound();
        }

        var feature = await EntitlementWriting.FeatureOfAsync(session, body, cancellationToken);
        if (body.Check(feature, customer.Zone, now) is { Any: true } errors)
        {
            return errors.ToResult();
        }

        var active = await EntitlementRow.ActiveAsync(session, customer.Id, now, cancellationToken);
        if (active.Any(row => row.FeatureId == feature!.Id))
        {
            return EntitlementConflict.Exists(feature!.Key);
        }

        var row = await EntitlementWriting.InsertAsync(session, customer, body, feature!, rollsOver: !owner.IsSubject, now, cancellationToken);
        if (await sync.SyncAsync(session, customer.Id, now, cancellationToken) is { IsEmpty: false } refused)
        {
            return EntitlementConflict.Refused(refused);
        }

        await SnapshotVersions.BumpAsync(session, [customer.Id], cancellationToken);
        var shown = await EntitlementViews.OneAsync(session, row, owner.SubjectKey, now, cancellationToken);
        await AuditTrail.RecordAsync(
            session, new AuditEntry("entitlement.create", shown.View.Id, now, null, shown.View), cancellationToken);
        return await session.CommitAsync(shown.ToCreated(), cancellationToken);
    }
}
