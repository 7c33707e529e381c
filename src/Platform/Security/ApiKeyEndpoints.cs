using Metering.Platform.Auditing;
using Metering.Platform.Database;
using Metering.Platform.Http;
using Metering.Platform.Identifiers;
using Metering.Platform.OpenApi;
using Metering.Platform.Problems;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using NodaTime;

namespace Metering.Platform.Security;

/// <summary><c>/api/v1/api-keys</c>: the keys of operators and machines. A secret is answered once, at creation.</summary>
public static class ApiKeyEndpoints
{
    private const int MaxNameLength = 200;

    public static void MapApiKeys(this IEndpointRouteBuilder routes)
    {
        routes.MapPost("/api/v1/api-keys", CreateAsync).RequireScope(Scope.KeysWrite).Audited("api_key.create")
            .WithName("createApiKey").WithSummary("Create an API key").Produces<CreatedApiKey>(201)
            .WithExample("""{"name":"Reports","role":"finance"}""");
        routes.MapGet("/api/v1/api-keys", ListAsync).RequireScope(Scope.KeysWrite)
            .WithName("listApiKeys").WithSummary("List API keys, without their secrets").Produces<ApiKeyView[]>();
        routes.MapDelete("/api/v1/api-keys/{id}", RevokeAsync).RequireScope(Scope.KeysWrite).Audited("api_key.revoke")
            .WithName("revokeApiKey").WithSummary("Revoke an API key").Produces(204);
        routes.MapKeyQuotas();
    }

    private static async Task<IResult> CreateAsync(
        CreateApiKey request, MeteringDatabase database, IClock clock, CancellationToken cancellationToken)
    {
        if (request.Name is not { Length: >= 1 and <= MaxNameLength })
        {
            return Problem.Invalid("/name", "out_of_range", $"A name has 1 to {MaxNameLength} characters.");
        }

        if (Role.All.FirstOrDefault(role => role.Name == request.Role) is not { } role)
        {
            return Problem.Invalid("/role", "unknown_role", "A role is one of " + string.Join(", ", Role.All.Select(known => known.Name)) + ".");
        }

        var now = clock.GetCurrentInstant();
        if (request.ExpiresAt <= now)
        {
            return Problem.Invalid("/expiresAt", "time_in_the_past", "A key expires in the future.");
        }

        if (request.IngestQuota is { } asked && IngestQuota.ErrorOf(asked, "/ingestQuota") is { } error)
        {
            return Problem.Invalid(error);
        }

        var quota = request.IngestQuota?.Complete();
        var key = ApiKey.Generate("mtr_" + role.Name.Replace('-', '_'));
        await using var session = await database.BeginAsync(cancellationToken);
        var added = await ApiKeyStore.AddAsync(session, key, request.Name, role, request.ExpiresAt, quota, now, cancellationToken);
        var created = new CreatedApiKey(PublicId.Format(added.Id), request.Name, role.Name, request.ExpiresAt, quota, key.Secret);
        return await session.CommitAsync(Results.Created($"/api/v1/api-keys/{created.Id}", created), cancellationToken);
    }

    private static async Task<IResult> ListAsync(ApiKeyStore store, CancellationToken cancellationToken) =>
        Results.Ok((await store.ListAsync(cancellationToken)).Select(key => key.ToView()));

    private static async Task<IResult> RevokeAsync(string id, ApiKeyStore store, IClock clock, CancellationToken cancellationToken) =>
        PublicId.TryParse(id, out var guid) && await store.RevokeAsync(guid, clock.GetCurrentInstant(), cancellationToken)
            ? Results.NoContent()
            : Problem.NotFound("API key", id);
}

/// <summary>Asks for a key of a role.</summary>
public sealed record CreateApiKey(string Name, string Role, Instant? ExpiresAt = null, IngestQuota? IngestQuota = null);

/// <summary>The only answer that ever holds the secret.</summary>
public sealed record CreatedApiKey(string Id, string Name, string Role, Instant? ExpiresAt, IngestQuota? IngestQuota, string Key);
