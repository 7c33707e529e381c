using Metering.Platform.Database;
using Metering.Platform.Http;
using Metering.Platform.Problems;
using Metering.Platform.Security;
using Metering.Subscriptions.Access;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using NodaTime;

namespace Metering.Subscriptions.Entitlements;

/// <summary><c>GET …/entitlements/{entitlementIdOrFeatureKey}/value?time=</c>: what it is worth now, or was at an instant.</summary>
internal sealed class GetEntitlementValue(MeteringDatabase database, EntitlementValues values, IClock clock)
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/api/v2/customers/{customerIdOrKey}/entitlements/{entitlementIdOrFeatureKey}/value", (
            string customerIdOrKey, string entitlementIdOrFeatureKey, string? time, GetEntitlementValue slice, CancellationToken cancellationToken) =>
            slice.GetAsync(EntitlementOwner.Customer(customerIdOrKey), entitlementIdOrFeatureKey, time, cancellationToken))
            .RequireScope(Scope.CustomersRead)
            .WithName("getCustomerEntitlementValueV2").WithSummary("Read the value of an entitlement").Produces<EntitlementValue>();
        routes.MapGet("/api/v1/subjects/{subjectIdOrKey}/entitlements/{entitlementIdOrFeatureKey}/value", (
            string subjectIdOrKey, string entitlementIdOrFeatureKey, string? time, GetEntitlementValue slice, CancellationToken cancellationToken) =>
            slice.GetAsync(EntitlementOwner.Subject(subjectIdOrKey), entitlementIdOrFeatureKey, time, cancellationToken))
            .RequireScope(Scope.CustomersRead)
            .WithName("getEntitlementValue").WithSummary("Read the value of a subject's entitlement").Produces<EntitlementValue>();
    }

    private async Task<IResult> GetAsync(EntitlementOwner owner, string idOrFeatureKey, string? time, CancellationToken cancellationToken)
    {
        var now = clock.GetCurrentInstant();
        var at = now;
        if (time is not null && !InstantConverter.TryParse(time, out at))
        {
            return Problem.Invalid("?time", "invalid_time", InstantConverter.Expected);
        }

        await using var session = await database.OpenAsync(cancellationToken);
        var (row, notFound) = await owner.EntitlementAsync(session, idOrFeatureKey, at, cancellationToken);
        if (row is null)
        {
            return notFound!;
        }

        var value = time is null
            ? await values.NowAsync(session, row, now, cancellationToken)
            : await values.AtAsync(session, row, at, cancellationToken);
        return Results.Ok(owner.IsSubject ? value.WithoutGrants() : value);
    }
}
