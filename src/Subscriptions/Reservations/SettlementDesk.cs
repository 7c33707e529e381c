using System.Collections.Immutable;
using Metering.Contracts.Sidecar;
using Metering.Platform.Database;
using Metering.Platform.Identifiers;
using Metering.Subscriptions.Leases;
using NodaTime;

namespace Metering.Subscriptions.Reservations;

/// <summary>
/// Settles reservations against the pools whose units they took. A lease's count of spent units never falls, so what comes back is taken off
/// the pool itself, once for each reservation. The pools are locked in the order of their ids, as everybody locks them.
/// </summary>
internal sealed class SettlementDesk(MeteringDatabase database, PoolAllowances allowances)
{
    /// <summary>Later than this after the check only the events speak.</summary>
    public static readonly Duration MaxAge = Duration.FromDays(35);
    private const int MaxForgotten = 1_000;

    public async Task<ImmutableArray<SettlementOutcome>> SettleAsync(
        ImmutableArray<ReservationSettlement> settlements, Instant now, CancellationToken cancellationToken)
    {
        var horizon = now - MaxAge;
        await using var session = await database.BeginAsync(cancellationToken);
        var parameters = new
        {
            entitlementIds = settlements.Select(one => Parse(one.EntitlementId)).ToArray(),
            starts = settlements.Select(one => one.PeriodStart?.ToDateTimeUtc()).ToArray(),
            times = settlements.Select(one => one.ReservedAt.ToDateTimeUtc()).ToArray(),
        };
        var found = (await session.QueryAsync<FoundPool>(FindSql, parameters, cancellationToken)).ToDictionary(pool => (int)pool.Ordinal - 1);
        Guid[] poolIds = [.. found.Values.Select(pool => pool.PoolId).Distinct()];
        await session.ExecuteAsync(LockSql, new { poolIds }, cancellationToken);

        var outcomes = settlements.Select((one, i) =>
            one.ReservedAt < horizon ? SettlementOutcome.TooLate
            : found.ContainsKey(i) ? SettlementOutcome.AlreadySettled
            : SettlementOutcome.Unknown).ToArray();
        var known = Enumerable.Range(0, outcomes.Length).Where(i => outcomes[i] == SettlementOutcome.AlreadySettled).ToList();
        var settled = await RecordAsync(session, settlements, known.ToDictionary(i => i, i => found[i].PoolId), cancellationToken);
        foreach (var one in settled)
        {
            outcomes[known.First(i => Parse(settlements[i].ReservationId) == one.ReservationId && found[i].PoolId == one.PoolId)] =
                SettlementOutcome.Recorded;
        }

        await session.ExecuteAsync(ForgetSql, new { horizon, MaxForgotten }, cancellationToken);
        await session.CommitAsync(cancellationToken);
        var pools = settled.Select(one => one.PoolId).ToHashSet();
        if (found.Values.Where(pool => pool.Closed && pools.Contains(pool.PoolId)).Select(pool => pool.EntitlementId).Distinct().ToArray()
            is { Length: > 0 } closed)
        {
            await allowances.OutdateSuccessorsAsync(closed, cancellationToken);
        }

        return [.. outcomes];
    }

    /// <returns>Those that had not been settled before.</returns>
    private static async Task<IReadOnlyList<SettledPool>> RecordAsync(
        DbSession session, ImmutableArray<ReservationSettlement> settlements, Dictionary<int, Guid> pools, CancellationToken cancellationToken)
    {
        if (pools.Count == 0)
        {
            return [];
        }

        var ones = pools.Keys.Select(i => (One: settlements[i], PoolId: pools[i])).ToList();
        var parameters = new
        {
            ids = ones.Select(pair => Parse(pair.One.ReservationId)).ToArray(),
            poolIds = ones.Select(pair => pair.PoolId).ToArray(),
            reserved = ones.Select(pair => pair.One.Reserved).ToArray(),
            used = ones.Select(pair => pair.One.Used).ToArray(),
            times = ones.Select(pair => pair.One.ReservedAt.ToDateTimeUtc()).ToArray(),
        };
        var settled = await session.QueryAsync<SettledPool>(RecordSql, parameters, cancellationToken);
        var changes = settled.GroupBy(one => one.PoolId).ToList();
        await session.ExecuteAsync(
            SettleSql,
            new
            {
                poolIds = changes.Select(pool => pool.Key).ToArray(),
                unused = changes.Select(pool => pool.Sum(one => Math.Max(0, one.Reserved - one.Used))).ToArray(),
                overrun = changes.Select(pool => pool.Sum(one => Math.Max(0, one.Used - one.Reserved))).ToArray(),
            },
            cancellationToken);
        return settled;
    }

    private static Guid Parse(string id) => PublicId.TryParse(id, out var guid) ? guid : throw new FormatException($"'{id}' passed the checks.");

    // The units of a hard limit come back only to the period that is named: a time could be another one's by the difference of two clocks.
    private const string FindSql = """
        select c.ordinal, p.id as poolId, p.entitlement_id as entitlementId, p.closed_at is not null as closed
        from unnest(@entitlementIds, @starts::timestamptz[], @times::timestamptz[]) with ordinality as c (entitlement_id, start, at, ordinal)
        join subscriptions.pool p on p.entitlement_id = c.entitlement_id and not p.gauge
            and (p.period_start = c.start or (c.start is null and not p.hard and p.period_start <= c.at and p.period_end > c.at))
        """;

    private const string LockSql = "select id from subscriptions.pool where id = any(@poolIds) order by id for update";

    private const string RecordSql = """
        insert into subscriptions.reservation_settlement (reservation_id, pool_id, reserved, used, reserved_at)
        select c.id, c.pool_id, c.reserved, c.used, c.reserved_at
        from unnest(@ids, @poolIds, @reserved, @used, @times::timestamptz[]) as c (id, pool_id, reserved, used, reserved_at)
        on conflict do nothing
        returning reservation_id as reservationId, pool_id as poolId, reserved, used
        """;

    // What was used beyond the reservation is taken as far as there is room; what does not fit there the events count, and of money the bill.
    private const string SettleSql = """
        update subscriptions.pool p
        set settled = n.settled, cap = least(p.cap, greatest(p.allowed, n.settled + p.held))
        from (
            select q.id,
                   q.settled - c.unused
                       + case
                           when q.credit_customer_id is not null then 0
                           when q.hard then least(c.overrun, greatest(0, q.cap - q.settled + c.unused - q.held))
                           else c.overrun end as settled
            from subscriptions.pool q
            join unnest(@poolIds, @unused, @overrun) as c (id, unused, overrun) on c.id = q.id
        ) n
        where p.id = n.id
        """;

    private const string ForgetSql = """
        delete from subscriptions.reservation_settlement
        where ctid = any(array(select ctid from subscriptions.reservation_settlement where reserved_at < @horizon limit @MaxForgotten))
        """;

    private sealed record FoundPool(long Ordinal, Guid PoolId, Guid EntitlementId, bool Closed);

    private sealed record SettledPool(Guid ReservationId, Guid PoolId, long Reserved, long Used);
}
