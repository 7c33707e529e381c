using System.Collections.Immutable;
using Metering.Contracts.Sidecar;
using Metering.Platform.Database;
using Metering.Platform.Identifiers;
using Metering.Subscriptions.Wire;
using NodaTime;

namespace Metering.Subscriptions.Snapshots;

/// <summary>A key that works, as sidecars have to know it.</summary>
/// <param name="FeatureKeys">A list as JSON; null: all that the customer has.</param>
internal sealed record CompiledCredential(
    Guid CustomerId, string Hash, Instant? ExpiresAt, string? FeatureKeys, Guid? ApplicationId, Guid? AgentId)
{
    public bool IsRestricted => ExpiresAt is not null || FeatureKeys is not null || Users.Any();

    /// <summary>The customers that the key names.</summary>
    public IEnumerable<Guid> Users => new[] { ApplicationId, AgentId }.OfType<Guid>();

    public static async Task<ILookup<Guid, CompiledCredential>> OfCustomersAsync(
        DbSession session, Guid[] ids, Instant now, CancellationToken cancellationToken) =>
        (await session.QueryAsync<CompiledCredential>(Sql, new { ids, now }, cancellationToken)).ToLookup(credential => credential.CustomerId);

    public CredentialAccess ToAccess(HashSet<Guid> suspended) => new(
        Hash, ExpiresAt, FeatureKeys is null ? null : Metadata.FromJson<ImmutableArray<string>>(FeatureKeys),
        ApplicationId is { } application ? PublicId.Format(application) : null,
        AgentId is { } agent ? PublicId.Format(agent) : null, Users.Any(suspended.Contains));

    private const string Sql = """
        select customer_id as customerId, encode(key_hash, 'hex') as hash, expires_at as expiresAt, feature_keys::text as featureKeys,
               application_id as applicationId, agent_id as agentId
        from subscriptions.credential
        where customer_id = any(@ids) and revoked_at is null and (expires_at is null or expires_at > @now)
        order by id
        """;
}
