using Metering.Platform.Auditing;
using Metering.Platform.Database;
using Metering.Platform.Http;
using Metering.Platform.Identifiers;
using Metering.Platform.OpenApi;
using Metering.Platform.Problems;
using Metering.Platform.Security;
using Metering.Subscriptions.Snapshots;
using Metering.Subscriptions.Wire;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using NodaTime;

namespace Metering.Subscriptions.Customers.Credentials;

/// <summary>
/// <c>POST /api/v1/customers/{idOrKey}/credentials/{credentialId}/rotate</c>: another key with the same name and restrictions. The old one
/// works on for a while, so that whoever uses it has time to change.
/// </summary>
internal static class RotateCredential
{
    private static readonly Duration DefaultOverlap = Duration.FromHours(24);
    private static readonly Duration MaxOverlap = Duration.FromDays(30);

    public static void Map(IEndpointRouteBuilder routes) => routes
        .MapPost("/api/v1/customers/{idOrKey}/credentials/{credentialId}/rotate", RotateAsync)
        .RequireScope(Scope.CustomersWrite).Audited("credential.rotate")
        .WithName("rotateCredential").WithSummary("Replace an API key of a customer by a new one").Produces<CreatedCredential>(201)
        .WithExample("""{"overlap":"PT1H"}""");

    private static async Task<IResult> RotateAsync(
        string idOrKey, string credentialId, RotateRequest? body, MeteringDatabase database, IClock clock, CancellationToken cancellationToken)
    {
        if (!ShortDuration.TryParse(body?.Overlap, DefaultOverlap, out var overlap) || overlap > MaxOverlap)
        {
            return Problem.Invalid(
                "/overlap", "invalid_duration", "A duration in days and time up to P30D, such as PT24H; PT0S ends the old key now.");
        }

        var now = clock.GetCurrentInstant();
        await using var session = await database.BeginAsync(cancellationToken);
        if (await CustomerRow.FindForChangeAsync(session, idOrKey, cancellationToken) is not { } customer)
        {
            return Problem.NotFound("customer", idOrKey);
        }

        var found = PublicId.TryParse(credentialId, out var id)
            ? await session.FirstOrNoneAsync<CredentialRow>(CredentialRow.FindSql, new { id, customerId = customer.Id }, cancellationToken)
            : null;
        if (found is not { } old)
        {
            return Problem.NotFound("credential", credentialId);
        }

        if (!old.WorksAt(now) || old.RotatedTo is not null)
        {
            return Problem.Of(
                ProblemType.Conflict, old.WorksAt(now) ? "Another key has taken this key's place already." : "The key does not work any more.");
        }

        if (await CreateCredential.RefuseOneMoreAsync(session, customer.Id, now, cancellationToken) is { } full)
        {
            return full;
        }

        var ends = now + overlap;
        var created = old with { Id = PublicId.New(now), CreatedAt = now };
        var ended = old with
        {
            RotatedTo = created.Id, ExpiresAt = old.ExpiresAt < ends ? old.ExpiresAt : ends, RevokedAt = overlap == Duration.Zero ? now : null,
        };
        var secret = ApiKey.Generate("mtr_live");
        await session.ExecuteAsync(CredentialRow.InsertSql, created.ToParameters(secret.Hash()), cancellationToken);
        await session.ExecuteAsync(EndSql, ended, cancellationToken);
        await SnapshotVersions.BumpAsync(session, [customer.Id], cancellationToken);
        var view = created.ToView(now);
        var entry = new AuditEntry("credential.rotate", PublicId.Format(old.Id), now, old.ToView(now), ended.ToView(now));
        await AuditTrail.RecordAsync(session, entry, cancellationToken);
        var place = $"/api/v1/customers/{PublicId.Format(customer.Id)}/credentials/{view.Id}";
        return await session.CommitAsync(Results.Created(place, CreatedCredential.Of(view, secret.Secret)), cancellationToken);
    }

    private const string EndSql = """
        update subscriptions.credential
        set rotated_to = @RotatedTo, expires_at = @ExpiresAt, revoked_at = @RevokedAt
        where id = @Id
        """;

    /// <param name="Overlap">ISO 8601 in days and time; PT24H when absent.</param>
    private sealed record RotateRequest(string? Overlap = null);
}
