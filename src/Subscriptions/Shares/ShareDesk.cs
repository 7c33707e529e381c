using System.Collections.Immutable;
using Metering.Contracts.Sidecar;
using Metering.Platform;
using Metering.Platform.Clock;
using Metering.Platform.Database;
using Metering.Subscriptions.Leases;
using NodaTime;

namespace Metering.Subscriptions.Shares;

/// <summary>Runs <see cref="DividedLimit"/>s over rows: lock the limits in the order of their ids, read, decide, write, commit.</summary>
internal sealed class ShareDesk(MeteringDatabase database, ShareRecalls recalls, ProductClock clock, MeteringOptions options)
{
    private const int TidyBatch = 200;
    private readonly int ttlMilliseconds = options.LeaseSeconds * 1_000;

    /// <summary>
    /// Before somebody who waits is left with less than is due, the sidecars that have more than is due are asked for it; the answer comes when
    /// they have answered or their time is over.
    /// </summary>
    public async Task<ShareExchangeResponse> ExchangeAsync(ShareExchangeRequest request, Instant now, CancellationToken cancellationToken)
    {
        var (answers, recalled) = await ExchangeOnceAsync(request, now, again: false, cancellationToken);
        if (recalled.Count == 0 || !await recalls.RecallAsync(recalled, cancellationToken))
        {
            return new ShareExchangeResponse(answers);
        }

        // From where the first time has left it: the sidecar has heard nothing in between, and keeps what it will be told that it has.
        var waiting = recalled.Select(one => one.Share.Limit).ToHashSet();
        var asked = request.Shares.Index().Where(one => waiting.Contains(one.Item.Limit) && answers[one.Index].Applied).ToList();
        ImmutableArray<ShareRequest> shares = [.. asked.Select(one => one.Item with { Keeps = answers[one.Index].Parts })];
        var (later, _) = await ExchangeOnceAsync(request with { Shares = shares }, now, again: true, cancellationToken);
        var merged = answers.ToBuilder();
        foreach (var ((index, _), answer) in asked.Zip(later))
        {
            merged[index] = answer.Applied ? Sum(answers[index], answer) : answers[index];
        }

        return new ShareExchangeResponse(merged.ToImmutable());
    }

    /// <summary>Shares of sidecars that never came back, of limits that nobody has asked for since.</summary>
    public async Task TidyAsync(Instant now, CancellationToken cancellationToken)
    {
        await using var session = await database.BeginAsync(cancellationToken);
        var ids = await session.QueryAsync<Guid>(ForgottenSql, new { TidyBatch }, cancellationToken);
        if (ids.Count == 0)
        {
            return;
        }

        var limits = await ReadAsync(session, [.. ids], cancellationToken);
        foreach (var limit in limits.Values)
        {
            limit.LetGo(now);
        }

        await WriteAsync(session, limits, now, cancellationToken);
        await session.CommitAsync(cancellationToken);
    }

    private static ShareAnswer Sum(ShareAnswer first, ShareAnswer second) => second with
    {
        Added = first.Added + second.Added,
        AddedFullInMicroseconds = Math.Max(first.AddedFullInMicroseconds, second.AddedFullInMicroseconds),
    };

    private async Task<(ImmutableArray<ShareAnswer> Answers, List<(string SidecarId, RecalledShare Share)> Recalled)> ExchangeOnceAsync(
        ShareExchangeRequest request, Instant now, bool again, CancellationToken cancellationToken)
    {
        var keys = new LimitKeys(request.Shares);
        if (await TryExchangeAsync(request, keys, now, again, mayMiss: false, cancellationToken) is { } known)
        {
            return known;
        }

        await using (var session = await database.OpenAsync(cancellationToken))
        {
            await session.ExecuteAsync(OpenSql, keys.ParametersToOpen(now), cancellationToken);
        }

        return (await TryExchangeAsync(request, keys, now, again, mayMiss: true, cancellationToken))!.Value;
    }

    /// <param name="mayMiss">Of a limit that is still not there the customer is unknown: nothing is to be had of it.</param>
    private async Task<(ImmutableArray<ShareAnswer> Answers, List<(string SidecarId, RecalledShare Share)> Recalled)?> TryExchangeAsync(
        ShareExchangeRequest request, LimitKeys keys, Instant now, bool again, bool mayMiss, CancellationToken cancellationToken)
    {
        await using var session = await database.BeginAsync(cancellationToken);
        var ids = (await session.QueryAsync<LimitRow>(LockSql, keys.Parameters, cancellationToken)).ToDictionary(row => row.Key, row => row.Id);
        if (ids.Count < keys.Count && !mayMiss)
        {
            return null;
        }

        var limits = await ReadAsync(session, [.. ids.Values], cancellationToken);
        var recalled = new List<(string SidecarId, RecalledShare Share)>();
        ImmutableArray<ShareAnswer> answers = [.. request.Shares.Select(Apply)];
        await WriteAsync(session, limits, now, cancellationToken);
        await session.CommitAsync(cancellationToken);
        return (answers, recalled);

        ShareAnswer Apply(ShareRequest one)
        {
            if (!ids.TryGetValue(LimitKeys.KeyOf(one.Limit), out var id))
            {
                return new ShareAnswer(true, 0, 0, 0, 0, ttlMilliseconds);
            }

            var answer = limits[id].Apply(one, request.SidecarId, request.Start, now, again);
            if (answer.Applied && one.Needed > 0)
            {
                var holders = limits[id].Recallable(request.SidecarId, one);
                recalled.AddRange(holders.Select(holder => (holder.SidecarId, new RecalledShare(one.Limit, holder.Target))));
            }

            return answer;
        }
    }

    private async Task<Dictionary<Guid, DividedLimit>> ReadAsync(DbSession session, Guid[] ids, CancellationToken cancellationToken)
    {
        var shares = await session.QueryAsync<ShareRow>(SharesSql, new { ids }, cancellationToken);
        var byLimit = shares.ToLookup(row => row.LimitId);
        var full = await session.QueryAsync<(Guid Id, Instant FullAt)>(FullSql, new { ids }, cancellationToken);
        return full.ToDictionary(
            row => row.Id, row => new DividedLimit(byLimit[row.Id].Select(one => one.ToHolding()), row.FullAt, ttlMilliseconds, clock.Stands));
    }

    private async Task WriteAsync(DbSession session, Dictionary<Guid, DividedLimit> limits, Instant now, CancellationToken cancellationToken)
    {
        var gone = limits.SelectMany(pair => pair.Value.Gone.Select(holding => (Limit: pair.Key, Holding: holding))).ToList();
        if (gone.Count > 0)
        {
            await session.ExecuteAsync(
                DeleteSql,
                new
                {
                    limits = gone.Select(one => one.Limit).ToArray(),
                    sidecars = gone.Select(one => one.Holding.SidecarId).ToArray(),
                    starts = gone.Select(one => one.Holding.Start).ToArray(),
                },
                cancellationToken);
        }

        var changed = limits
            .SelectMany(pair => pair.Value.Holdings.Where(holding => holding.IsChanged).Select(holding => (Limit: pair.Key, Holding: holding)))
            .ToList();
        if (changed.Count > 0)
        {
            await session.ExecuteAsync(UpsertSql, ParametersOf(changed), cancellationToken);
        }

        // A limit that nobody has a share of and whose bucket is full is as if it had never been divided.
        await session.ExecuteAsync(
            UpdateLimitsSql,
            new
            {
                now,
                ids = limits.Keys.ToArray(),
                parts = limits.Values.Select(limit => limit.PartsOut).ToArray(),
                full = limits.Values.Select(limit => limit.FullAt.ToDateTimeUtc()).ToArray(),
                idle = limits.Where(pair => pair.Value.Holdings.Count == 0 && pair.Value.FullAt <= now).Select(pair => pair.Key).ToArray(),
            },
            cancellationToken);
    }

    private object ParametersOf(List<(Guid Limit, ShareHolding Holding)> changed) => new
    {
        limits = changed.Select(one => one.Limit).ToArray(),
        sidecars = changed.Select(one => one.Holding.SidecarId).ToArray(),
        starts = changed.Select(one => one.Holding.Start).ToArray(),
        sequences = changed.Select(one => one.Holding.Sequence).ToArray(),
        parts = changed.Select(one => one.Holding.Parts).ToArray(),
        demands = changed.Select(one => one.Holding.Demand).ToArray(),
        wants = changed.Select(one => one.Holding.Wants).ToArray(),
        full = changed.Select(one => one.Holding.FullAt.ToDateTimeUtc()).ToArray(),
        refills = changed.Select(one => one.Holding.RefillMicroseconds).ToArray(),
        lingers = changed.Select(one => one.Holding.LingersMilliseconds).ToArray(),
        lifetimes = changed.Select(one => one.Holding.IsRenewed ? ttlMilliseconds + LeaseTerms.GraceMilliseconds : 0).ToArray(),
    };

    private const string LockSql = """
        select l.id, l.customer_id as customerId, l.feature_key as featureKey, l.name
        from subscriptions.shared_limit l
        where (l.customer_id, l.feature_key, l.name) in (select * from unnest(@customers, @features, @names))
        order by l.id
        for update
        """;

    private const string OpenSql = """
        insert into subscriptions.shared_limit (id, customer_id, feature_key, name, full_at)
        select k.id, k.customer_id, k.feature_key, k.name, @now
        from unnest(@ids, @customers, @features, @names) as k (id, customer_id, feature_key, name)
        join subscriptions.customer c on c.id = k.customer_id
        order by k.customer_id, k.feature_key, k.name
        on conflict (customer_id, feature_key, name) do nothing
        """;

    private const string FullSql = "select id, full_at from subscriptions.shared_limit where id = any(@ids)";

    private const string SharesSql = """
        select limit_id as limitId, sidecar_id as sidecarId, start, sequence, parts, demand, wants, full_at as fullAt, refill, lingers,
               floor(extract(epoch from clock_timestamp() - expires_at) * 1000000)::bigint as expiredFor
        from subscriptions.limit_share
        where limit_id = any(@ids)
        """;

    private const string DeleteSql = """
        delete from subscriptions.limit_share
        where (limit_id, sidecar_id, start) in (select * from unnest(@limits, @sidecars, @starts))
        """;

    private const string UpsertSql = """
        insert into subscriptions.limit_share
            (limit_id, sidecar_id, start, sequence, parts, demand, wants, full_at, refill, lingers, expires_at)
        select limit_id, sidecar_id, start, sequence, parts, demand, wants, full_at, refill, lingers,
               clock_timestamp() + make_interval(secs => lifetime / 1000.0)
        from unnest(@limits, @sidecars, @starts, @sequences, @parts, @demands, @wants, @full, @refills, @lingers, @lifetimes)
            as c (limit_id, sidecar_id, start, sequence, parts, demand, wants, full_at, refill, lingers, lifetime)
        on conflict (limit_id, sidecar_id, start) do update
        set sequence = excluded.sequence, parts = excluded.parts, demand = excluded.demand, wants = excluded.wants,
            full_at = excluded.full_at, refill = excluded.refill, lingers = excluded.lingers, expires_at = excluded.expires_at
        """;

    private const string UpdateLimitsSql = """
        update subscriptions.shared_limit l
        set parts_out = c.parts, full_at = c.full_at
        from unnest(@ids, @parts, @full) as c (id, parts, full_at)
        where l.id = c.id and (l.parts_out, l.full_at) is distinct from (c.parts, c.full_at);
        delete from subscriptions.shared_limit where id = any(@idle)
        """;

    // A request may be in flight for a day, and no question is underway for an hour.
    private const string ForgottenSql = """
        select id
        from subscriptions.shared_limit
        where id in (
            select limit_id
            from subscriptions.limit_share
            where expires_at < clock_timestamp() - interval '25 hours'
            order by expires_at
            limit @TidyBatch
        )
        order by id
        for update
        """;

    private sealed record LimitRow(Guid Id, Guid CustomerId, string FeatureKey, string Name)
    {
        public LimitKey Key => new(CustomerId, FeatureKey, Name);
    }

    private sealed record ShareRow(
        Guid LimitId, string SidecarId, long Start, long Sequence, long Parts, long Demand, long Wants, Instant FullAt, long Refill, long Lingers,
        long ExpiredFor)
    {
        public ShareHolding ToHolding() =>
            ShareHolding.Read(SidecarId, Start, Sequence, Parts, Demand, Wants, FullAt, Refill, Lingers, ExpiredFor);
    }
}
