using System.Collections.Immutable;
using Metering.Contracts.Sidecar;
using Metering.Platform;
using Metering.Platform.Database;
using Metering.Platform.Identifiers;
using Metering.Subscriptions.Credits;
using Metering.Subscriptions.Entitlements;
using NodaTime;

namespace Metering.Subscriptions.Leases;

/// <summary>Runs a <see cref="LeaseBook"/> over rows: lock the pools in the order of their ids, read, decide, write, commit.</summary>
internal sealed class LeaseDesk(
    MeteringDatabase database, PoolOpening opening, CreditPools credits, PoolMeasuring measuring, PoolAllowances allowances, LeaseRecalls recalls,
    MeteringOptions options)
{
    private const int MaxAttempts = 5;
    private readonly int ttlMilliseconds = options.LeaseSeconds * 1_000;

    /// <summary>
    /// Before somebody who waits is told that nothing is left, the sidecars that still hold something are asked for it; the denial comes when
    /// they have answered or their time is over.
    /// </summary>
    public async Task<LeaseExchangeResponse> ExchangeAsync(
        LeaseExchangeRequest request, int activeSidecars, Instant now, CancellationToken cancellationToken)
    {
        var response = await ExchangeOnceAsync(request, activeSidecars, now, cancellationToken);
        ImmutableArray<LeaseRequest> starved =
        [
            .. request.Requests.Zip(response.Leases)
                .Where(pair => pair.First.Needed > 0 && pair.Second.Outcome == LeaseOutcome.Exhausted).Select(pair => pair.First),
        ];
        if (starved.IsEmpty || !await recalls.RecallAsync(starved, request.SidecarId, cancellationToken))
        {
            return response;
        }

        var again = await ExchangeOnceAsync(request with { Reports = [], Requests = starved }, activeSidecars, now, cancellationToken);
        var answers = again.Leases.ToDictionary(answer => answer.LeaseId);
        return response with { Leases = [.. response.Leases.Select(answer => answers.GetValueOrDefault(answer.LeaseId, answer))] };
    }

    private async Task<LeaseExchangeResponse> ExchangeOnceAsync(
        LeaseExchangeRequest request, int activeSidecars, Instant now, CancellationToken cancellationToken)
    {
        for (var attempt = 1; attempt < MaxAttempts; attempt++)
        {
            if (await TryExchangeAsync(request, activeSidecars, now, cancellationToken) is { } response)
            {
                return response;
            }
        }

        throw new InvalidOperationException($"The leases of {request.SidecarId} were changed by others {MaxAttempts} times meanwhile.");
    }

    /// <summary>
    /// Null: meanwhile a reset moved one of the leases to the pool of the new period, or another exchange granted or closed a lease that this one
    /// found unknown.
    /// </summary>
    private async Task<LeaseExchangeResponse?> TryExchangeAsync(
        LeaseExchangeRequest request, int activeSidecars, Instant now, CancellationToken cancellationToken)
    {
        var inForce = await OpenPoolsAsync(request, now, cancellationToken);
        var named = request.Reports.Select(report => report.LeaseId).Concat(request.Requests.Select(one => one.LeaseId));
        Guid[] leaseIds = [.. named.Select(Parse).Distinct()];

        await using var session = await database.BeginAsync(cancellationToken);
        var reported = await session.QueryAsync<Guid>(PoolsOfSql, new { leaseIds }, cancellationToken);
        var poolIds = inForce.Select(pool => pool.Id).Concat(reported).Distinct().ToArray();
        var locked = await session.QueryAsync<PoolRow>(LockSql, new { poolIds }, cancellationToken);
        if (inForce.Where(pool => !pool.Measured).Select(pool => pool.Id).ToArray() is { Length: > 0 } unmeasured)
        {
            await measuring.MeasureAsync(session, unmeasured, cancellationToken);
            locked = await session.QueryAsync<PoolRow>(LockSql, new { poolIds }, cancellationToken);
        }

        Guid[] asked = [.. inForce.Select(pool => pool.Id)];
        Guid[] outdated = [.. locked.Where(row => asked.Contains(row.Id) && (row.Stale || row.SegmentEnd <= now)).Select(row => row.Id)];
        if (outdated.Length > 0)
        {
            await allowances.RefreshAsync(session, outdated, now, cancellationToken);
            locked = await session.QueryAsync<PoolRow>(LockSql, new { poolIds }, cancellationToken);
        }

        // With its pool locked a lease can be read as it is, and stays where it is.
        var known = await session.QueryAsync<KnownLease>(KnownSql, new { leaseIds }, cancellationToken);
        if (known.Any(lease => lease.PoolId is { } poolId && !poolIds.Contains(poolId)))
        {
            return null;
        }

        var pools = locked.Select(row => row.ToPool()).ToDictionary(pool => pool.Id);
        foreach (var ofAccount in locked.Where(row => row.CreditOf is not null && asked.Contains(row.Id)).GroupBy(row => row.CreditOf))
        {
            var shared = new SharedCredit(ofAccount.Min(row => pools[row.Id].Free));
            foreach (var row in ofAccount)
            {
                pools[row.Id].Shared = shared;
            }
        }

        var leases = await session.QueryAsync<LeaseRow>(LeasesSql, new { leaseIds, poolIds, LeaseTerms.GraceMilliseconds }, cancellationToken);
        var book = new LeaseBook(
            leases.Select(row => row.ToLease(pools[row.PoolId])), inForce.Select(pool => pools[pool.Id]), request.SidecarId, activeSidecars,
            ttlMilliseconds, known.Where(lease => lease.PoolId is null).Select(lease => lease.Id));

        ImmutableArray<ReportAnswer> reports = [.. request.Reports.Select(report => new ReportAnswer(report.LeaseId, book.Apply(report)))];
        ImmutableArray<LeaseAnswer> answers = [.. request.Requests.Select(book.Apply)];
        if (!await TryWriteAsync(session, book, request.SidecarId, cancellationToken))
        {
            return null;
        }

        await session.CommitAsync(cancellationToken);
        if (locked.Any(row => row.Closed) && request.Reports.Length > 0)
        {
            await allowances.OutdateSuccessorsAsync([.. locked.Where(row => row.Closed).Select(row => row.EntitlementId)], cancellationToken);
        }

        return new LeaseExchangeResponse(reports, answers);
    }

    private async Task<IReadOnlyList<OpenPool>> OpenPoolsAsync(LeaseExchangeRequest request, Instant now, CancellationToken cancellationToken)
    {
        Guid[] ids = [.. request.Requests.Select(one => one.EntitlementId).Where(id => PublicId.TryParse(id, out _)).Select(Parse).Distinct()];
        if (ids.Length == 0)
        {
            return [];
        }

        IReadOnlyList<EntitlementRow> entitlements;
        await using (var session = await database.OpenAsync(cancellationToken))
        {
            entitlements = await EntitlementRow.FindAllAsync(session, ids, cancellationToken);
        }

        Guid[] others = [.. ids.Except(entitlements.Select(one => one.Id))];
        return [.. await opening.OpenAsync(entitlements, now, cancellationToken), .. await credits.OpenAsync(others, now, cancellationToken)];
    }

    /// <returns>False when another exchange was faster with the same lease.</returns>
    private async Task<bool> TryWriteAsync(DbSession session, LeaseBook book, string sidecarId, CancellationToken cancellationToken)
    {
        if (book.ClosedUnseen.Count > 0
            && await session.ExecuteAsync(ClosedUnseenSql, new { ids = book.ClosedUnseen.ToArray(), sidecarId }, cancellationToken)
                != book.ClosedUnseen.Count)
        {
            return false;
        }

        var touched = book.Leases.Where(lease => lease.IsNew || lease.IsChanged).ToList();
        if (touched.Count == 0)
        {
            return true;
        }

        var pools = touched.Select(lease => lease.Pool).Distinct().ToList();
        await session.ExecuteAsync(
            UpdatePoolsSql,
            new
            {
                ids = pools.Select(pool => pool.Id).ToArray(),
                settled = pools.Select(pool => pool.Settled).ToArray(),
                held = pools.Select(pool => pool.Held).ToArray(),
            },
            cancellationToken);
        var parameters = new
        {
            ids = touched.Select(lease => lease.Id).ToArray(),
            pools = touched.Select(lease => lease.Pool.Id).ToArray(),
            sidecars = touched.Select(lease => lease.SidecarId).ToArray(),
            granted = touched.Select(lease => lease.Granted).ToArray(),
            spent = touched.Select(lease => lease.Spent).ToArray(),
            held = touched.Select(lease => lease.Held).ToArray(),
            free = touched.Select(lease => lease.FreeAtGrant).ToArray(),
            closed = touched.Select(lease => lease.Closed).ToArray(),
            lifetime = ttlMilliseconds + LeaseTerms.GraceMilliseconds,
        };
        return await session.ExecuteAsync(UpsertLeasesSql, parameters, cancellationToken) == touched.Count;
    }

    private static Guid Parse(string id) => PublicId.TryParse(id, out var guid) ? guid : throw new FormatException($"'{id}' passed the checks.");

    private const string PoolsOfSql = "select distinct pool_id from subscriptions.lease where id = any(@leaseIds) and pool_id is not null";

    private const string KnownSql = "select id, pool_id as poolId from subscriptions.lease where id = any(@leaseIds)";

    private const string LockSql = """
        select id, entitlement_id as entitlementId, period_start as periodStart, segment_end as segmentEnd, hard, gauge, allowed, settled, held,
               metered, closed_at is not null as closed, stale, credit_customer_id::text || credit_currency as creditOf
        from subscriptions.pool
        where id = any(@poolIds)
        order by id
        for update
        """;

    private const string LeasesSql = """
        select id, pool_id as poolId, sidecar_id as sidecarId, granted, free_at_grant as freeAtGrant, spent, held,
               closed_at is not null as closed,
               greatest(0, extract(epoch from expires_at - clock_timestamp()) * 1000 - @GraceMilliseconds)::int as ttlLeft
        from subscriptions.lease
        where id = any(@leaseIds) and pool_id = any(@poolIds)
        """;

    // A cap that had to stay above what was allowed comes down as units come back. It never goes up here: the check constraint is the judge.
    // Of a period that is over it stays: what was held and let go may still be reported as spent.
    private const string UpdatePoolsSql = """
        update subscriptions.pool p
        set settled = c.settled,
            held = c.held,
            cap = case when p.closed_at is null then least(p.cap, greatest(p.allowed, c.settled + c.held)) else p.cap end
        from unnest(@ids, @settled, @held) as c (id, settled, held)
        where p.id = c.id
        """;

    private const string UpsertLeasesSql = """
        insert into subscriptions.lease (id, pool_id, sidecar_id, granted, spent, held, free_at_grant, granted_at, expires_at, closed_at)
        select id, pool_id, sidecar_id, granted, spent, held, free, clock_timestamp(),
               clock_timestamp() + make_interval(secs => @lifetime / 1000.0), case when closed then clock_timestamp() end
        from unnest(@ids, @pools, @sidecars, @granted, @spent, @held, @free, @closed)
            as c (id, pool_id, sidecar_id, granted, spent, held, free, closed)
        on conflict (id) do update
        set spent = excluded.spent, held = excluded.held, closed_at = coalesce(lease.closed_at, excluded.closed_at)
        where lease.pool_id = excluded.pool_id
        """;

    private const string ClosedUnseenSql = """
        insert into subscriptions.lease (id, pool_id, sidecar_id, granted, spent, held, free_at_grant, granted_at, expires_at, closed_at)
        select id, null, @sidecarId, 0, 0, 0, 0, clock_timestamp(), clock_timestamp(), clock_timestamp()
        from unnest(@ids) as c (id)
        on conflict (id) do nothing
        """;

    private sealed record KnownLease(Guid Id, Guid? PoolId);

    private sealed record PoolRow(
        Guid Id, Guid EntitlementId, Instant PeriodStart, Instant SegmentEnd, bool Hard, bool Gauge, long Allowed, long Settled, long Held,
        long Metered, bool Closed, bool Stale, string? CreditOf)
    {
        public Pool ToPool() => new(Id, EntitlementId, PeriodStart, SegmentEnd, Hard, Allowed, Settled, Held, Metered, Closed) { IsGauge = Gauge };
    }

    private sealed record LeaseRow(
        Guid Id, Guid PoolId, string SidecarId, long Granted, long FreeAtGrant, long Spent, long Held, bool Closed, int TtlLeft)
    {
        public Lease ToLease(Pool pool) => new(Id, pool, SidecarId, Granted, FreeAtGrant, Spent, Held, Closed, TtlLeft);
    }
}
