using System.Collections.Immutable;
using Metering.Platform.Database;
using Metering.Platform.Identifiers;
using Metering.Rating;
using Metering.Subscriptions.Wire;
using NodaTime;

namespace Metering.Subscriptions.Entitlements.Balances;

/// <summary>
/// Keeps states of balances. Whoever means to keep one says so before it reads grants and usage, and every change of the past deletes what
/// was meant or kept after it: so a state that a change has overtaken finds its intention gone, and is not kept.
/// </summary>
internal sealed class BalanceSnapshots(MeteringDatabase database)
{
    /// <summary>The newest state at or before an instant.</summary>
    public static async Task<GrantSnapshot?> LatestAsync(
        DbSession session, Guid entitlementId, Instant notAfter, CancellationToken cancellationToken) =>
        await session.FirstOrNoneAsync<SnapshotRow>(LatestSql, new { entitlementId, notAfter }, cancellationToken) is { } row
            ? Metadata.FromJson<SnapshotState>(row.State).ToSnapshot(row.At)
            : null;

    /// <summary>Something about grants or resets at or after an instant changed.</summary>
    public static Task ForgetFromAsync(DbSession session, Guid entitlementId, Instant from, CancellationToken cancellationToken) =>
        session.ExecuteAsync(
            "delete from subscriptions.balance_snapshot where entitlement_id = @entitlementId and at >= @from", new { entitlementId, from },
            cancellationToken);

    /// <summary>The subjects of a customer changed, and with them all its usage.</summary>
    public static Task ForgetAllAsync(DbSession session, Guid customerId, CancellationToken cancellationToken) =>
        session.ExecuteAsync(ForgetAllSql, new { customerId }, cancellationToken);

    /// <returns>Under which the state can be kept, unless somebody else is at it or it is known already.</returns>
    public async Task<Guid?> IntendAsync(Guid entitlementId, Instant at, Instant now, CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(cancellationToken);
        var id = PublicId.New(now);
        return await session.FirstOrNoneAsync<Guid?>(IntendSql, new { id, entitlementId, at }, cancellationToken);
    }

    public async Task KeepAsync(Guid intention, Guid entitlementId, GrantSnapshot snapshot, CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(cancellationToken);
        var state = Metadata.ToJson(SnapshotState.Of(snapshot));
        await session.ExecuteAsync(KeepSql, new { intention, entitlementId, snapshot.At, state }, cancellationToken);
    }

    private const string LatestSql = """
        select at, state::text as state
        from subscriptions.balance_snapshot
        where entitlement_id = @entitlementId and at <= @notAfter and state is not null
        order by at desc
        limit 1
        """;

    // Locked first, so that nobody means to keep what was read with the subjects of before.
    private const string ForgetAllSql = """
        select id from subscriptions.entitlement where customer_id = @customerId order by id for no key update;
        delete from subscriptions.balance_snapshot
        where entitlement_id in (select id from subscriptions.entitlement where customer_id = @customerId)
        """;

    // Waits for whoever changes the entitlement. An intention that came to nothing, because its process ended, is taken over.
    private const string IntendSql = """
        with unchanged as (select id from subscriptions.entitlement where id = @entitlementId for share)
        insert into subscriptions.balance_snapshot (id, entitlement_id, at)
        select @id, id, @at
        from unchanged
        on conflict (entitlement_id, at) do update set id = excluded.id where balance_snapshot.state is null
        returning id
        """;

    private const string KeepSql = """
        update subscriptions.balance_snapshot
        set state = @state::jsonb
        where entitlement_id = @entitlementId and at = @At and id = @intention
        """;

    private sealed record SnapshotRow(Instant At, string State);

    private sealed record SnapshotState(
        ImmutableSortedDictionary<string, decimal> Balances, decimal Overage, Instant PeriodStart, decimal PeriodUsage, decimal PeriodBurnt)
    {
        public static SnapshotState Of(GrantSnapshot snapshot) => new(
            snapshot.Balances.ToImmutableSortedDictionary(grant => grant.GrantId, grant => grant.Balance, StringComparer.Ordinal),
            snapshot.Overage, snapshot.PeriodStart, snapshot.PeriodUsage, snapshot.PeriodBurnt);

        public GrantSnapshot ToSnapshot(Instant at) => new()
        {
            At = at,
            Balances = [.. Balances.Select(grant => new GrantBalance(grant.Key, grant.Value))],
            Overage = Overage,
            PeriodStart = PeriodStart,
            PeriodUsage = PeriodUsage,
            PeriodBurnt = PeriodBurnt,
        };
    }
}
