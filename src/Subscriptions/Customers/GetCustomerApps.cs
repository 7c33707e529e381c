using System.Collections.Immutable;
using Metering.Platform.Database;
using Metering.Platform.Http;
using Metering.Platform.Problems;
using Metering.Platform.Security;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Metering.Subscriptions.Customers;

/// <summary><c>GET /api/v1/customers/{idOrKey}/apps</c>: there are no apps to install here, so no customer has data of one.</summary>
internal static class GetCustomerApps
{
    private static readonly ImmutableArray<string> Types = ["stripe", "sandbox", "custom_invoicing"];

    public static void Map(IEndpointRouteBuilder routes) =>
        routes.MapGet("/api/v1/customers/{idOrKey}/apps", ListAsync).RequireScope(Scope.CustomersRead)
            .WithName("listCustomerAppData").WithSummary("List what apps keep of a customer").Produces<Page<object>>();

    private static async Task<IResult> ListAsync(
        string idOrKey, string? type, PageRequest page, MeteringDatabase database, CancellationToken cancellationToken)
    {
        if (type is not null && !Types.Contains(type))
        {
            return Problem.Invalid("?type", "unknown_value", $"A type is one of {string.Join(", ", Types)}.");
        }

        await using var session = await database.OpenAsync(cancellationToken);
        return await CustomerRow.FindAsync(session, idOrKey, cancellationToken) is null
            ? Problem.NotFound("customer", idOrKey)
            : Results.Ok(page.Of(ImmutableArray<object>.Empty, 0));
    }
}
