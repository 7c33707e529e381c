using System.Collections.Immutable;
using Metering.Contracts.Messages;
using Metering.Ingest.Meters;
using Metering.Ingest.Usage;
using Metering.Platform.Database;
using Metering.Platform.Messaging;
using Metering.Subscriptions.Wire;
using NodaTime;

namespace Metering.Subscriptions.Leases;

/// <summary>
/// Reads what events have recorded into the pools, so that usage which no sidecar let through counts against the limit as well. A pool's row
/// is locked before its usage is read: the later reading is the one that stays.
/// </summary>
internal sealed class PoolMeasuring(UsageReader usage, MeterCatalog meters) : IMessageHandler<UsageRecorded>
{
    private const int SubjectsPerQuery = 500;

    public async Task HandleAsync(UsageRecorded message, DbSession session, CancellationToken cancellationToken)
    {
        var parameters = new
        {
            meters = message.Touched.Select(touched => touched.MeterSlug).ToArray(),
            subjects = message.Touched.Select(touched => touched.Subject).ToArray(),
            earliest = message.Touched.Select(touched => touched.Earliest.ToDateTimeUtc()).ToArray(),
            latest = message.Touched.Select(touched => touched.Latest.ToDateTimeUtc()).ToArray(),
        };
        var touched = await session.QueryAsync<Guid>(TouchedSql, parameters, cancellationToken);
        await MeasureAsync(session, [.. touched], cancellationToken);
    }

    /// <summary>Locks the pools, in the order in which everybody locks them, and reads their usage.</summary>
    public async Task MeasureAsync(DbSession session, Guid[] poolIds, CancellationToken cancellationToken)
    {
        if (poolIds.Length == 0)
        {
            return;
        }

        await session.ExecuteAsync(LockSql, new { poolIds }, cancellationToken);
        var pools = await session.QueryAsync<MeasuredPool>(SubjectsSql, new { poolIds }, cancellationToken);

        // Pools of the same meter and period, such as everybody's today, share a query.
        foreach (var alike in pools.GroupBy(pool => (pool.MeterSlug, pool.CountsFrom, pool.PeriodEnd)))
        {
            foreach (var chunk in ChunksOf(alike))
            {
                await MeasureAlikeAsync(session, alike.Key.MeterSlug, alike.Key.CountsFrom, alike.Key.PeriodEnd, chunk, cancellationToken);
            }
        }
    }

    private async Task MeasureAlikeAsync(
        DbSession session, string meterSlug, Instant from, Instant to, IReadOnlyList<MeasuredPool> pools, CancellationToken cancellationToken)
    {
        // A meter that was deleted counts nothing any more; what it had counted is gone with it.
        var query = new UsageQuery(meterSlug, from, to) { Subjects = [.. pools.SelectMany(pool => pool.SubjectList)], GroupBy = ["subject"] };
        var rows = await meters.FindAsync(meterSlug, cancellationToken) is null ? [] : await usage.ReadAsync(query, cancellationToken);
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

    private const string TouchedSql = """
        select distinct p.id
        from unnest(@meters, @subjects, @earliest, @latest) as t (meter, subject, earliest, latest)
        join subscriptions.customer_subject cs on cs.subject = t.subject and cs.released_at is null
        join subscriptions.entitlement e on e.customer_id = cs.customer_id
        join subscriptions.feature f on f.id = e.feature_id and f.meter_slug = t.meter
        join subscriptions.pool p on p.entitlement_id = e.id
            and p.closed_at is null and p.counts_from <= t.latest and p.period_end > t.earliest
        """;

    private const string LockSql = "select id from subscriptions.pool where id = any(@poolIds) order by id for update";

    private const string SubjectsSql = """
        select p.id, f.meter_slug as meterSlug, p.counts_from as countsFrom, p.period_end as periodEnd, json_agg(cs.subject)::text as subjects
        from subscriptions.pool p
        join subscriptions.entitlement e on e.id = p.entitlement_id
        join subscriptions.feature f on f.id = e.feature_id
        join subscriptions.customer_subject cs on cs.customer_id = e.customer_id
        where p.id = any(@poolIds)
        group by p.id, f.meter_slug
        """;

    private const string SetSql = """
        update subscriptions.pool
        set metered = @metered, measured_at = clock_timestamp()
        where id = @Id
        """;

    private sealed record MeasuredPool(Guid Id, string MeterSlug, Instant CountsFrom, Instant PeriodEnd, string Subjects)
    {
        public ImmutableArray<string> SubjectList { get; } = Metadata.FromJson<ImmutableArray<string>>(Subjects);
    }
}
