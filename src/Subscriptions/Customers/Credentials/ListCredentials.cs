using Metering.Platform.Database;
using Metering.Platform.Problems;
using Metering.Platform.Security;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using NodaTime;

namespace Metering.Subscriptions.Customers.Credentials;

/// <summary><c>GET /api/v1/customers/{idOrKey}/credentials</c>: oldest first, also those that no longer work; never a secret.</summary>
internal static class ListCredentials
{
    private static readonly string[] Statuses = ["active", "expired", "revoked"];

    public static void Map(IEndpointRouteBuilder routes) =>
        routes.MapGet("/api/v1/customers/{idOrKey}/credentials", ListAsync).RequireScope(Scope.CustomersRead)
            .WithName("listCredentials").WithSummary("List the API keys of a customer, without their secrets").Produces<CredentialView[]>();

    private static async Task<IResult> ListAsync(
        string idOrKey, string? status, MeteringDatabase database, IClock clock, CancellationToken cancellationToken)
    {
        if (status is not null && !Statuses.Contains(status))
        {
            return Problem.Invalid("?status", "unknown_value", $"A status is one of {string.Join(", ", Statuses)}.");
        }

        await using var session = await database.OpenAsync(cancellationToken);
        if (await CustomerRow.FindAsync(session, idOrKey, cancellationToken) is not { } customer)
        {
            return Problem.NotFound("customer", idOrKey);
        }

        var now = clock.GetCurrentInstant();
        var rows = await session.QueryAsync<CredentialRow>(ListSql, new { customer.Id }, cancellationToken);
        return Results.Ok(rows.Select(row => row.ToView(now)).Where(view => status is null || view.Status == status));
    }

    private const string ListSql = CredentialRow.SelectSql + " where customer_id = @Id order by id";
}
