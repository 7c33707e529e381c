using System.Collections.Immutable;
using Metering.Platform.Database;
using Metering.Platform.Http;
using Metering.Platform.Problems;
using Metering.Platform.Security;
using Metering.Subscriptions.Customers;
using Metering.Subscriptions.Entitlements;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using NodaTime;

namespace Metering.Subscriptions.Access;

/// <summary>
/// <c>GET /api/v1/customers/{idOrKey}/access</c> and <c>/entitlements/{featureKey}/value</c>: what the customer may do. For people and
/// dashboards; a gateway asks a sidecar.
/// </summary>
internal static class GetAccess
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/api/v1/customers/{idOrKey}/access", AccessAsync).RequireScope(Scope.CustomersRead)
            .WithName("getCustomerAccess").WithSummary("Read what a customer may do").Produces<CustomerAccessView>();
        routes.MapGet("/api/v1/customers/{idOrKey}/entitlements/{featureKey}/value", ValueAsync).RequireScope(Scope.CustomersRead)
            .WithName("getCustomerEntitlementValue").WithSummary("Read what a customer may do with a feature").Produces<EntitlementValue>();
    }

    private static async Task<IResult> AccessAsync(
        string idOrKey, MeteringDatabase database, EntitlementValues values, IClock clock, CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(cancellationToken);
        if (await CustomerRow.FindAsync(session, idOrKey, cancellationToken) is not { } customer)
        {
            return Problem.NotFound("customer", idOrKey);
        }

        var now = clock.GetCurrentInstant();
        var entitlements = ImmutableSortedDictionary.CreateBuilder<string, EntitlementValue>(StringComparer.Ordinal);
        foreach (var entitlement in await EntitlementRow.ActiveAsync(session, customer.Id, now, cancellationToken))
        {
            entitlements[entitlement.FeatureKey] = (await values.NowAsync(session, entitlement, now, cancellationToken)).WithoutGrants();
        }

        return Results.Ok(new CustomerAccessView(entitlements.ToImmutable()));
    }

    /// <summary>A feature the customer is not entitled to is no access rather than not found: the question has an answer.</summary>
    private static async Task<IResult> ValueAsync(
        string idOrKey, string featureKey, string? time, MeteringDatabase database, EntitlementValues values, IClock clock,
        CancellationToken cancellationToken)
    {
        var now = clock.GetCurrentInstant();
        var at = now;
        if (time is not null && !InstantConverter.TryParse(time, out at))
        {
            return Problem.Invalid("?time", "invalid_time", InstantConverter.Expected);
        }

        await using var session = await database.OpenAsync(cancellationToken);
        if (await CustomerRow.FindAsync(session, idOrKey, cancellationToken) is not { } customer)
        {
            return Problem.NotFound("customer", idOrKey);
        }

        var active = await EntitlementRow.ActiveAsync(session, customer.Id, at, cancellationToken);
        var entitlement = active.FirstOrDefault(one => one.FeatureKey == featureKey);
        var value = time is null
            ? await values.NowAsync(session, entitlement, now, cancellationToken)
            : await values.AtAsync(session, entitlement, at, cancellationToken);
        return Results.Ok(value.WithoutGrants());
    }

    private sealed record CustomerAccessView(ImmutableSortedDictionary<string, EntitlementValue> Entitlements);
}
