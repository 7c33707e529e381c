using System.Collections.Immutable;
using Metering.Contracts.Messages;
using Metering.Ingest.Meters;
using Metering.Ingest.Usage;
using Metering.Platform.Database;
using Metering.Platform.Messaging;
using Metering.Subscriptions.Entitlements;
using Metering.Subscriptions.Entitlements.Balances;
using Metering.Subscriptions.Snapshots;
using Metering.Subscriptions.Features;
using Metering.Subscriptions.Wire;
using NodaTime;

namespace Metering.Subscriptions.Leases;

/// <summary>
/// Reads what events have recorded into the pools, so that usage which no sidecar let through counts against the limit as well. A pool's row
/// is locked before its usage is read: the later reading is the one that stays.
/// </summary>
internal sealed class PoolMeasuring(
    UsageReader usage, MeterCatalog meters, BalanceReader balances, PoolAllowances allowances, IClock clock) : IMessageHandler<UsageRecorded>
{
    private const int SubjectsPerQuery = 500;

    /// <summary>
    /// Usage of the past changes what was left when grants ended, recurred or rolled over: states that are later than it are forgotten, and
    /// pools that follow it are computed anew.
    /// </summary>
    public async Task HandleAsync(UsageRecorded message, DbSession session, CancellationToken cancellationToken)
    {
        var parameters = new
        {
            meters = message.Touched.Select(touched => touched.MeterSlug).ToArray(),
            subjects = message.Touched.Select(touched => touched.Subject).ToArray(),
            earliest = message.Touched.Select(touched => touched.Earliest.ToDateTimeUtc()).ToArray(),
            latest = message.Touched.Select(touched => touched.Latest.ToDateTimeUtc()).ToArray(),
        };
        await session.ExecuteAsync(ForgetSnapshotsSql, parameters, cancellationToken);
        var touched = await session.QueryAsync<TouchedPool>(TouchedSql, parameters, cancellationToken);
        if (touched.Count == 0)
        {
            return;
        }

        await session.ExecuteAsync(LockSql, new { poolIds = touched.Select(pool => pool.Id).ToArray() }, cancellationToken);
        var crossed = await MeasureAsync(session, [.. touched.Where(pool => pool.Measured).Select(pool => pool.Id)], cancellationToken);
        Guid[] outdated = [.. touched.Where(pool => pool.Outdated).Select(pool => pool.Id)];
        var changed = await allowances.RefreshAsync(session, outdated, clock.GetCurrentInstant(), cancellationToken);
        if (crossed.Concat(changed.Select(entitlement => entitlement.CustomerId)).Distinct().ToArray() is { Length: > 0 } customers)
        {
            await SnapshotVersions.BumpAsync(session, customers, cancellationToken);
        }
    }

    /// <summary>Locks the pools, in the order in which everybody locks them, and reads their usage.</summary>
    /// <returns>The customers of gauges that rose to their limit or fell below it, which their sidecars should hear at once.</returns>
    public async Task<IReadOnlyList<Guid>> MeasureAsync(DbSession session, Guid[] poolIds, CancellationToken cancellationToken)
    {
        if (poolIds.Length == 0)
        {
            return [];
        }

        await session.ExecuteAsync(LockSql, new { poolIds }, cancellationToken);
        var pools = await session.QueryAsync<MeasuredPool>(SubjectsSql, new { poolIds }, cancellationToken);

        // Pools of the same meter and period, such as everybody's today, share a query.
        foreach (var alike in pools.Where(pool => !pool.Gauge).GroupBy(pool => (pool.MeterSlug, pool.MeterFilters, pool.CountsFrom, pool.PeriodEnd)))
        {
            foreach (var chunk in ChunksOf(alike))
            {
                await MeasureAlikeAsync(session, alike.First().Query(), chunk, cancellationToken);
            }
        }

        var crossed = new List<Guid>();
        foreach (var gauge in pools.Where(pool => pool.Gauge))
        {
            var entitlement = await EntitlementRow.FindAsync(session, gauge.EntitlementId, cancellationToken);
            var metered = WholeUnits(await balances.LevelWithinAsync(session, entitlement!, gauge.CountsFrom, gauge.PeriodEnd, cancellationToken));
            await session.ExecuteAsync(SetSql, new { gauge.Id, metered }, cancellationToken);
            if (gauge.Allowed > gauge.Metered != gauge.Allowed > metered)
            {
                crossed.Add(entitlement!.CustomerId);
            }
        }

        return crossed;
    }

    private async Task MeasureAlikeAsync(
        DbSession session, UsageQuery ofAll, IReadOnlyList<MeasuredPool> pools, CancellationToken cancellationToken)
    {
        // A meter that was deleted counts nothing any more; what it had counted is gone with it.
        var query = ofAll with { Subjects = [.. pools.SelectMany(pool => pool.SubjectList)], GroupBy = ["subject"] };
        var rows = await meters.FindAsync(query.MeterSlug, cancellationToken) is null ? [] : await usage.ReadAsync(query, cancellationToken);
        var bySubject = rows
            .GroupBy(row => row.Subject!)
            .ToDictionary(group => group.Key, group => group.Sum(row => row.Value), StringComparer.Ordinal);
        foreach (var pool in pools)
        {
            var used = pool.SubjectList.Sum(subject => bySubject.GetValueOrDefault(subject));
            await session.ExecuteAsync(SetSql, new { pool.Id, metered = WholeUnits(used) }, cancellationToken);
        }
    }

    /// <summary>
    /// A part of a unit counts as one against a limit. Corrections can make the sum negative; what 64 bits cannot hold is their maximum.
    /// </summary>
    private static long WholeUnits(decimal used) => (long)decimal.Ceiling(decimal.Clamp(used, -LeaseTerms.MaxMetered, LeaseTerms.MaxMetered));

    private static IEnumerable<IReadOnlyList<MeasuredPool>> ChunksOf(IEnumerable<MeasuredPool> pools)
    {
        var chunk = new List<MeasuredPool>();
        var subjects = 0;
        foreach (var pool in pools)
        {
            if (chunk.Count > 0 && subjects + pool.SubjectList.Length > SubjectsPerQuery)
            {
                yield return chunk;
                (chunk, subjects) = ([], 0);
            }

            chunk.Add(pool);
            subjects += pool.SubjectList.Length;
        }

        yield return chunk;
    }

    private const string ForgetSnapshotsSql = """
        delete from subscriptions.balance_snapshot b
        using unnest(@meters, @subjects, @earliest) as t (meter, subject, earliest)
        join subscriptions.customer_subject cs on cs.subject = t.subject and cs.released_at is null
        join subscriptions.entitlement e on e.customer_id = cs.customer_id
        join subscriptions.feature f on f.id = e.feature_id and f.meter_slug = t.meter
        where b.entitlement_id = e.id and b.at > t.earliest
        """;

    // Pools of the last hour are measured on, so that what sidecars reported and what events tell can be compared.
    private const string TouchedSql = """
        select p.id, bool_or(p.counts_from <= t.latest and p.period_end > t.earliest) as measured,
               bool_or(p.closed_at is null and t.earliest < p.segment_start) as outdated
        from unnest(@meters, @subjects, @earliest, @latest) as t (meter, subject, earliest, latest)
        join subscriptions.customer_subject cs on cs.subject = t.subject and cs.released_at is null
        join subscriptions.entitlement e on e.customer_id = cs.customer_id
        join subscriptions.feature f on f.id = e.feature_id and f.meter_slug = t.meter
        join subscriptions.pool p on p.entitlement_id = e.id
            and (p.closed_at is null or p.closed_at > clock_timestamp() - interval '1 hour')
            and ((p.counts_from <= t.latest and p.period_end > t.earliest) or (p.closed_at is null and t.earliest < p.segment_start))
        group by p.id
        order by p.id
        """;

    private const string LockSql = "select id from subscriptions.pool where id = any(@poolIds) order by id for update";

    private const string SubjectsSql = """
        select p.id, p.entitlement_id as entitlementId, p.gauge, p.allowed, p.metered, f.meter_slug as meterSlug,
               f.meter_filters::text as meterFilters, p.counts_from as countsFrom,
               p.period_end as periodEnd, json_agg(cs.subject)::text as subjects
        from subscriptions.pool p
        join subscriptions.entitlement e on e.id = p.entitlement_id
        join subscriptions.feature f on f.id = e.feature_id
        join subscriptions.customer_subject cs on cs.customer_id = e.customer_id
        where p.id = any(@poolIds)
        group by p.id, f.id
        """;

    private const string SetSql = """
        update subscriptions.pool
        set metered = @metered, measured_at = clock_timestamp()
        where id = @Id
        """;

    /// <param name="Measured">Its own usage changed.</param>
    /// <param name="Outdated">Usage before its burn phase changed.</param>
    private sealed record TouchedPool(Guid Id, bool Measured, bool Outdated);

    private sealed record MeasuredPool(
        Guid Id, Guid EntitlementId, bool Gauge, long Allowed, long Metered, string MeterSlug, string? MeterFilters, Instant CountsFrom,
        Instant PeriodEnd, string Subjects)
    {
        public UsageQuery Query() => FeatureMeter.Of(MeterSlug, MeterFilters)!.Query(CountsFrom, PeriodEnd);

        public ImmutableArray<string> SubjectList { get; } = Metadata.FromJson<ImmutableArray<string>>(Subjects);
    }
}
