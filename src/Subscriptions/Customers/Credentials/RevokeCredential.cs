using Metering.Platform.Auditing;
using Metering.Platform.Database;
using Metering.Platform.Identifiers;
using Metering.Platform.Problems;
using Metering.Platform.Security;
using Metering.Subscriptions.Snapshots;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using NodaTime;

namespace Metering.Subscriptions.Customers.Credentials;

/// <summary><c>DELETE /api/v1/customers/{idOrKey}/credentials/{credentialId}</c>: the key stops working. It stays listed.</summary>
internal static class RevokeCredential
{
    public static void Map(IEndpointRouteBuilder routes) => routes
        .MapDelete("/api/v1/customers/{idOrKey}/credentials/{credentialId}", RevokeAsync)
        .RequireScope(Scope.CustomersWrite).Audited("credential.revoke")
        .WithName("revokeCredential").WithSummary("Revoke an API key of a customer").Produces(204);

    private static async Task<IResult> RevokeAsync(
        string idOrKey, string credentialId, MeteringDatabase database, IClock clock, CancellationToken cancellationToken)
    {
        await using var session = await database.BeginAsync(cancellationToken);
        if (await CustomerRow.FindForChangeAsync(session, idOrKey, cancellationToken) is not { } customer)
        {
            return Problem.NotFound("customer", idOrKey);
        }

        var found = PublicId.TryParse(credentialId, out var id)
            ? await session.FirstOrNoneAsync<CredentialRow>(CredentialRow.FindSql, new { id, customerId = customer.Id }, cancellationToken)
            : null;
        if (found is not { } row)
        {
            return Problem.NotFound("credential", credentialId);
        }

        if (row.RevokedAt is not null)
        {
            return Results.NoContent();
        }

        var now = clock.GetCurrentInstant();
        await session.ExecuteAsync("update subscriptions.credential set revoked_at = @now where id = @id", new { id, now }, cancellationToken);
        var (before, after) = (row.ToView(now), (row with { RevokedAt = now }).ToView(now));
        await AuditTrail.RecordAsync(session, new AuditEntry("credential.revoke", before.Id, now, before, after), cancellationToken);
        await SnapshotVersions.BumpAsync(session, [customer.Id], cancellationToken);
        await session.CommitAsync(cancellationToken);
        return Results.NoContent();
    }
}
