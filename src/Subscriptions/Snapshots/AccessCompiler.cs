using System.Collections.Immutable;
using Metering.Contracts.Sidecar;
using Metering.Platform.Database;
using Metering.Platform.Identifiers;
using Metering.Subscriptions.Access;
using Metering.Subscriptions.Customers.Tree;
using Metering.Subscriptions.Plans;
using Metering.Subscriptions.Wire;
using NodaTime;

namespace Metering.Subscriptions.Snapshots;

/// <summary>Compiles what customers may do, from the rows as they are, in the order in which they changed.</summary>
internal static class AccessCompiler
{
    /// <summary>The next changes after a version. Versions are read before contents, so contents are never older than their version.</summary>
    public static async Task<CompiledChanges> ReadAsync(DbSession session, long after, int limit, Instant now, CancellationToken cancellationToken)
    {
        var head = await HeadAsync(session, cancellationToken);
        var changed = await session.QueryAsync<ChangedCustomer>(ChangedSql, new { after, limit }, cancellationToken);
        Guid[] ids = [.. changed.Select(customer => customer.Id)];
        if (ids.Length == 0)
        {
            return new CompiledChanges([], head);
        }

        var credentials = (await session.QueryAsync<CompiledCredential>(CredentialsSql, new { ids, now }, cancellationToken))
            .ToLookup(row => row.CustomerId);
        Guid[] named = [.. ids, .. credentials.SelectMany(group => group).SelectMany(row => row.Users)];
        var suspended = await CustomerTree.SuspendedAsync(session, named, now, cancellationToken);
        var entitlements = (await session.QueryAsync<EntitlementRow>(EntitlementsSql, new { ids, now }, cancellationToken))
            .ToLookup(row => row.CustomerId);
        ImmutableArray<CustomerChanged> changes =
        [
            .. changed.Select(customer => new CustomerChanged(
                customer.Version, Compile(customer, suspended, [.. credentials[customer.Id]], entitlements[customer.Id]))),
        ];

        // Fewer than asked for: that was all there is up to the head.
        return new CompiledChanges(changes, changes.Length < limit ? Math.Max(head, changes[^1].Version) : changes[^1].Version);
    }

    public static Task<long> HeadAsync(DbSession session, CancellationToken cancellationToken) =>
        session.SingleAsync<long>("select version from subscriptions.snapshot_head", null, cancellationToken);

    /// <summary>Of each feature what is active now or will be next; what follows that comes with the boundary in between.</summary>
    private static CustomerAccess Compile(
        ChangedCustomer customer, HashSet<Guid> suspended, ImmutableArray<CompiledCredential> credentials,
        IEnumerable<EntitlementRow> entitlements) => new(
        PublicId.Format(customer.Id),
        customer.Key,
        customer.Subject,
        customer.Removed ? CustomerStatus.Removed : suspended.Contains(customer.Id) ? CustomerStatus.Suspended : CustomerStatus.Active,
        [.. credentials.Where(credential => !credential.IsRestricted).Select(credential => credential.Hash)],
        [.. entitlements.DistinctBy(entitlement => entitlement.FeatureKey).Select(ToFeature)])
        {
            RestrictedCredentials = [.. credentials.Where(credential => credential.IsRestricted).Select(one => one.ToAccess(suspended))],
        };

    private static FeatureAccess ToFeature(EntitlementRow entitlement) => new(
        entitlement.FeatureKey,
        entitlement.ActiveFrom,
        entitlement.ActiveTo,
        entitlement.EventType,
        entitlement.Config,
        entitlement.IsMetered
            ? new QuotaTerms(
                PublicId.Format(entitlement.Id),
                entitlement.Soft ? LimitClass.Soft : LimitClass.Hard,
                entitlement.Allowance,
                entitlement.UsagePeriod!)
            : null,
        [.. Metadata.FromJson<ImmutableArray<RateLimitBody>>(entitlement.RateLimits).Select(ToTerms)]);

    private static RateLimitTerms ToTerms(RateLimitBody body) => RateLimitWindow.TryParse(body.Per, out var seconds)
        ? new RateLimitTerms(body.Limit, seconds, body.Burst ?? body.Limit)
        : throw new InvalidOperationException($"A rate limit per '{body.Per}' passed the checks.");

    private const string ChangedSql = """
        select c.id, v.version, c.key, c.deleted_at is not null as removed, s.subject
        from subscriptions.customer_version v
        join subscriptions.customer c on c.id = v.customer_id
        cross join lateral (
            select subject from subscriptions.customer_subject where customer_id = c.id order by position limit 1
        ) s
        where v.version > @after
        order by v.version
        limit @limit
        """;

    private const string CredentialsSql = """
        select customer_id as customerId, encode(key_hash, 'hex') as hash, expires_at as expiresAt, feature_keys::text as featureKeys,
               application_id as applicationId, agent_id as agentId
        from subscriptions.credential
        where customer_id = any(@ids) and revoked_at is null and (expires_at is null or expires_at > @now)
        order by id
        """;

    private const string EntitlementsSql = EntitlementRow.SelectSql + """
         where e.customer_id = any(@ids)
          and c.deleted_at is null
          and (e.active_to is null or e.active_to > @now)
          and (s.active_to is null or s.active_to > greatest(@now, e.active_from))
        order by e.customer_id, e.feature_key, e.active_from, e.id
        """;

    private sealed record ChangedCustomer(Guid Id, long Version, string? Key, bool Removed, string Subject);

    private sealed record CompiledCredential(
        Guid CustomerId, string Hash, Instant? ExpiresAt, string? FeatureKeys, Guid? ApplicationId, Guid? AgentId)
    {
        public bool IsRestricted => ExpiresAt is not null || FeatureKeys is not null || Users.Any();

        public IEnumerable<Guid> Users => new[] { ApplicationId, AgentId }.OfType<Guid>();

        public CredentialAccess ToAccess(HashSet<Guid> suspended) => new(
            Hash, ExpiresAt, FeatureKeys is null ? null : Metadata.FromJson<ImmutableArray<string>>(FeatureKeys),
            ApplicationId is { } application ? PublicId.Format(application) : null,
            AgentId is { } agent ? PublicId.Format(agent) : null, Users.Any(suspended.Contains));
    }
}

/// <param name="UpTo">Everything up to and including this version is known to whoever applies the changes.</param>
internal sealed record CompiledChanges(ImmutableArray<CustomerChanged> Changes, long UpTo);
