using Metering.Platform.Database;
using Metering.Platform.Identifiers;
using Metering.Platform.Problems;
using Metering.Platform.Security;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using NodaTime;

namespace Metering.Subscriptions.Entitlements;

/// <summary>One entitlement: of a customer or a subject, by id or by the key of its feature, or by id alone.</summary>
internal sealed class GetEntitlement(MeteringDatabase database, IClock clock)
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/api/v2/customers/{customerIdOrKey}/entitlements/{entitlementIdOrFeatureKey}", (
            string customerIdOrKey, string entitlementIdOrFeatureKey, GetEntitlement slice, CancellationToken cancellationToken) =>
            slice.OfOwnerAsync(EntitlementOwner.Customer(customerIdOrKey), entitlementIdOrFeatureKey, cancellationToken))
            .RequireScope(Scope.CustomersRead)
            .WithName("getCustomerEntitlementV2").WithSummary("Read an entitlement of a customer").Produces<EntitlementView>();
        routes.MapGet("/api/v1/subjects/{subjectIdOrKey}/entitlements/{entitlementId}", (
            string subjectIdOrKey, string entitlementId, GetEntitlement slice, CancellationToken cancellationToken) =>
            slice.OfOwnerAsync(EntitlementOwner.Subject(subjectIdOrKey), entitlementId, cancellationToken)).RequireScope(Scope.CustomersRead)
            .WithName("getEntitlement").WithSummary("Read an entitlement of a subject").Produces<EntitlementView>();
        routes.MapGet("/api/v2/entitlements/{entitlementId}", (string entitlementId, GetEntitlement slice, CancellationToken cancellationToken) =>
            slice.ByIdAsync(entitlementId, version1: false, cancellationToken)).RequireScope(Scope.CustomersRead)
            .WithName("getEntitlementByIdV2").WithSummary("Read an entitlement").Produces<EntitlementView>();
        routes.MapGet("/api/v1/entitlements/{entitlementId}", (string entitlementId, GetEntitlement slice, CancellationToken cancellationToken) =>
            slice.ByIdAsync(entitlementId, version1: true, cancellationToken)).RequireScope(Scope.CustomersRead)
            .WithName("getEntitlementById").WithSummary("Read an entitlement, in the older shape").Produces<EntitlementView>();
    }

    private async Task<IResult> OfOwnerAsync(EntitlementOwner owner, string idOrFeatureKey, CancellationToken cancellationToken)
    {
        var now = clock.GetCurrentInstant();
        await using var session = await database.OpenAsync(cancellationToken);
        var (row, notFound) = await owner.EntitlementAsync(session, idOrFeatureKey, now, cancellationToken);
        return row is null ? notFound! : (await EntitlementViews.OneAsync(session, row, owner.SubjectKey, now, cancellationToken)).ToOk();
    }

    private async Task<IResult> ByIdAsync(string entitlementId, bool version1, CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(cancellationToken);
        if (!PublicId.TryParse(entitlementId, out var id) || await EntitlementRow.FindAsync(session, id, cancellationToken) is not { } row)
        {
            return Problem.NotFound("entitlement", entitlementId);
        }

        var subjects = version1 ? await EntitlementViews.SubjectsOfAsync(session, [row], cancellationToken) : null;
        var shown = await EntitlementViews.OneAsync(
            session, row, subjects?.GetValueOrDefault(row.CustomerId), clock.GetCurrentInstant(), cancellationToken);
        return shown.ToOk();
    }
}
