using System.Collections.Immutable;
using System.Text.Json.Serialization;
using Metering.Platform.Database;
using Metering.Platform.Identifiers;
using Metering.Platform.Problems;
using Metering.Platform.Security;
using Metering.Subscriptions.Access;
using Metering.Subscriptions.Customers;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using NodaTime;

namespace Metering.Subscriptions.Entitlements.Gateways;

/// <summary><c>GET /api/v3/openmeter/customers/{customerId}/entitlement-access</c>: everything a customer is entitled to now.</summary>
internal sealed class ListAccess(MeteringDatabase database, EntitlementValues values, IClock clock)
{
    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet(
        "/api/v3/openmeter/customers/{customerId}/entitlement-access",
        (string customerId, ListAccess slice, CancellationToken cancellationToken) => slice.ListAsync(customerId, cancellationToken))
        .RequireScope(Scope.CustomersRead)
        .WithName("listCustomerEntitlementAccess").WithSummary("List what a customer may do").Produces<FeatureAccessList>();

    private async Task<IResult> ListAsync(string customerId, CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(cancellationToken);
        if (!PublicId.TryParse(customerId, out var id) || await CustomerRow.FindAsync(session, id, cancellationToken) is null)
        {
            return Problem.NotFound("customer", customerId);
        }

        var now = clock.GetCurrentInstant();
        var data = ImmutableArray.CreateBuilder<FeatureAccessLine>();
        foreach (var entitlement in await EntitlementRow.ActiveAsync(session, id, now, cancellationToken))
        {
            var value = await values.NowAsync(session, entitlement, now, cancellationToken);
            data.Add(new FeatureAccessLine(entitlement.Kind, entitlement.FeatureKey, value.HasAccess, value.Config));
        }

        return Results.Ok(new FeatureAccessList(data.ToImmutable()));
    }

    private sealed record FeatureAccessList(ImmutableArray<FeatureAccessLine> Data);

    private sealed record FeatureAccessLine(
        string Type,
        [property: JsonPropertyName("feature_key")] string FeatureKey,
        [property: JsonPropertyName("has_access")] bool HasAccess,
        string? Config);
}
