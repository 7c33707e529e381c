using System.Collections.Immutable;
using Metering.Contracts.Sidecar;
using Metering.Platform.Database;
using Metering.Platform.Identifiers;
using Metering.Subscriptions.Credits;
using Metering.Subscriptions.Customers.Tree;
using Metering.Subscriptions.Entitlements;
using Metering.Subscriptions.Plans;
using Metering.Subscriptions.Reservations;
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

        var credentials = await CompiledCredential.OfCustomersAsync(session, ids, now, cancellationToken);
        Guid[] named = [.. ids, .. credentials.SelectMany(group => group).SelectMany(credential => credential.Users)];
        var suspended = await CustomerTree.SuspendedAsync(session, named, now, cancellationToken);
        var entitlements = await session.QueryAsync<EntitlementRow>(EntitlementsSql, new { ids, now }, cancellationToken);
        Guid[] limited = [.. entitlements.Select(one => one.Id)];
        var limits = (await session.QueryAsync<(Guid Id, decimal Limit)>(LimitsSql, new { ids = limited, now }, cancellationToken))
            .ToDictionary(row => row.Id, row => row.Limit);
        var reservations = (await session.QueryAsync<(Guid Id, string Reservation)>(ReservationsSql, new { ids = limited }, cancellationToken))
            .ToDictionary(row => row.Id, row => Metadata.FromJson<ReservationBody>(row.Reservation).ToTerms());
        var credits = await CreditPricing.TermsOfAsync(session, entitlements, now, cancellationToken);
        var granted = entitlements.ToLookup(row => row.CustomerId);
        ImmutableArray<CustomerChanged> changes =
        [
            .. changed.Select(customer => new CustomerChanged(
                customer.Version, Compile(customer, suspended, [.. credentials[customer.Id]], granted[customer.Id], limits, reservations, credits))),
        ];

        // Fewer than asked for: that was all there is up to the head.
        return new CompiledChanges(changes, changes.Length < limit ? Math.Max(head, changes[^1].Version) : changes[^1].Version);
    }

    public static Task<long> HeadAsync(DbSession session, CancellationToken cancellationToken) =>
        session.SingleAsync<long>("select version from subscriptions.snapshot_head", null, cancellationToken);

    /// <summary>Of each feature what is active now or will be next; what follows that comes with the boundary in between.</summary>
    private static CustomerAccess Compile(
        ChangedCustomer customer, HashSet<Guid> suspended, ImmutableArray<CompiledCredential> credentials,
        IEnumerable<EntitlementRow> entitlements, Dictionary<Guid, decimal> limits, Dictionary<Guid, ReservationTerms> reservations,
        Dictionary<Guid, CreditTerms> credits) => new(
        PublicId.Format(customer.Id),
        customer.Key,
        customer.Subject,
        customer.Removed ? CustomerStatus.Removed : suspended.Contains(customer.Id) ? CustomerStatus.Suspended : CustomerStatus.Active,
        [.. credentials.Where(credential => !credential.IsRestricted).Select(credential => credential.Hash)],
        [.. entitlements.DistinctBy(entitlement => entitlement.FeatureKey).Select(
            one => ToFeature(one, limits.GetValueOrDefault(one.Id)) with
            {
                Reservation = reservations.GetValueOrDefault(one.Id), Credit = credits.GetValueOrDefault(one.Id),
            })])
        {
            RestrictedCredentials = [.. credentials.Where(credential => credential.IsRestricted).Select(one => one.ToAccess(suspended))],
        };

    private static FeatureAccess ToFeature(EntitlementRow entitlement, decimal limit) =>
        Metadata.FromJson<RequestLimitsBody>(entitlement.RequestLimits).AddTo(new FeatureAccess(
            entitlement.FeatureKey,
            entitlement.ActiveFrom,
            entitlement.ActiveTo,
            entitlement.EventType,
            entitlement.Config,
            entitlement.IsMetered
                ? new QuotaTerms(
                    PublicId.Format(entitlement.Id),
                    entitlement.Soft ? LimitClass.Soft : LimitClass.Hard,
                    (long)decimal.Floor(Math.Min(limit, EntitlementChecks.MaxAllowance)),
                    entitlement.UsagePeriod!,
                    entitlement.IsGauge)
                : null,
            [.. Metadata.FromJson<ImmutableArray<RateLimitBody>>(entitlement.RateLimits).Select(ToTerms)]));

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

    private const string EntitlementsSql = EntitlementRow.SelectSql + """
         where e.customer_id = any(@ids)
          and c.deleted_at is null
          and (e.active_to is null or e.active_to > greatest(@now, e.active_from))
        order by e.customer_id, e.feature_key, e.active_from, e.id
        """;

    // What the pool gives out, or where nobody has asked yet what the grants in force add up to: the limit is told for headers and for the
    // size of leases, and only a lease entitles to anything. Where it falls, leases are given back; so a level at its limit has none.
    private const string LimitsSql = """
        select e.id, coalesce(p.allowed, g.amount, 0)
        from subscriptions.entitlement e
        left join lateral (
            select (case when gauge and metered >= allowed then 0 else allowed end)::numeric as allowed
            from subscriptions.pool
            where entitlement_id = e.id and closed_at is null and not stale and period_start <= @now and period_end > @now
        ) p on true
        left join lateral (
            select sum(amount) as amount
            from subscriptions.entitlement_grant
            where entitlement_id = e.id
              and effective_at <= greatest(@now, e.active_from)
              and (expires_at is null or expires_at > @now)
              and (voided_at is null or voided_at > @now)
        ) g on true
        where e.id = any(@ids) and e.kind = 'metered'
        """;

    private const string ReservationsSql =
        "select id, reservation::text from subscriptions.entitlement where id = any(@ids) and reservation is not null";

    private sealed record ChangedCustomer(Guid Id, long Version, string? Key, bool Removed, string Subject);
}

/// <param name="UpTo">Everything up to and including this version is known to whoever applies the changes.</param>
internal sealed record CompiledChanges(ImmutableArray<CustomerChanged> Changes, long UpTo);
