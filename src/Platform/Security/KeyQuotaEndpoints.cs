using Metering.Platform.Auditing;
using Metering.Platform.Identifiers;
using Metering.Platform.OpenApi;
using Metering.Platform.Problems;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using NodaTime;

namespace Metering.Platform.Security;

/// <summary>
/// <c>/api/v1/api-keys/{id}/ingest-quota</c>: changes a quota without a new key. In force after <see cref="RecentApiKeys.Lifetime"/>.
/// </summary>
internal static class KeyQuotaEndpoints
{
    private const string Route = "/api/v1/api-keys/{id}/ingest-quota";

    public static void MapKeyQuotas(this IEndpointRouteBuilder routes)
    {
        routes.MapPut(Route, SetAsync).RequireScope(Scope.KeysWrite).Audited("api_key.ingest_quota")
            .WithName("setApiKeyIngestQuota").WithSummary("Limit how many usage events an API key may send").Produces<IngestQuota>()
            .WithExample("""{"eventsPerMinute":600000,"burst":1000000}""");
        routes.MapDelete(Route, RemoveAsync).RequireScope(Scope.KeysWrite).Audited("api_key.ingest_quota")
            .WithName("removeApiKeyIngestQuota").WithSummary("Let an API key send any number of usage events").Produces(204);
    }

    private static async Task<IResult> SetAsync(
        string id, IngestQuota request, ApiKeyStore store, IClock clock, CancellationToken cancellationToken)
    {
        if (IngestQuota.ErrorOf(request, "") is { } error)
        {
            return Problem.Invalid(error);
        }

        var quota = request.Complete();
        return PublicId.TryParse(id, out var guid) && await store.SetIngestQuotaAsync(guid, quota, clock.GetCurrentInstant(), cancellationToken)
            ? Results.Ok(quota)
            : Problem.NotFound("API key", id);
    }

    private static async Task<IResult> RemoveAsync(string id, ApiKeyStore store, IClock clock, CancellationToken cancellationToken) =>
        PublicId.TryParse(id, out var guid) && await store.SetIngestQuotaAsync(guid, null, clock.GetCurrentInstant(), cancellationToken)
            ? Results.NoContent()
            : Problem.NotFound("API key", id);
}
