using Metering.Contracts.Messages;
using Metering.Notifications.Events;
using Metering.Notifications.Rules;
using Metering.Platform.Clock;
using Metering.Platform.Database;
using Metering.Platform.Messaging;
using Metering.Subscriptions.Entitlements;
using NodaTime;

namespace Metering.Notifications.Watching;

/// <summary>
/// Usage periods end by themselves. For as long as some rule waits for it, the end of each entitlement's period is kept, and told when it
/// comes; a reset that somebody asked for is told at once.
/// </summary>
internal sealed class ResetWatch(MeteringDatabase database, MeteredEntitlementReader entitlements, IClock clock)
    : IMessageHandler<EntitlementReset>, IDueWork
{
    private const int BatchSize = 200;

    // A transaction that began earlier may commit later: what was made shortly before the cursor is looked at again.
    private static readonly Duration Overlap = Duration.FromMinutes(1);

    public async Task HandleAsync(EntitlementReset message, DbSession session, CancellationToken cancellationToken)
    {
        var now = clock.GetCurrentInstant();
        var rules = await RuleRow.InForceAsync(session, RuleType.EntitlementReset, cancellationToken);
        if (rules.Count > 0)
        {
            await TellAsync(session, message.EntitlementId, rules, now, cancellationToken);
        }
    }

    public async Task<Instant?> NextDueAsync(CancellationToken cancellationToken)
    {
        await using var session = await database.BeginAsync(cancellationToken);
        if ((await RuleRow.InForceAsync(session, RuleType.EntitlementReset, cancellationToken)).Count == 0)
        {
            await session.ExecuteAsync(ForgetSql, null, cancellationToken);
            await session.CommitAsync(cancellationToken);
            return null;
        }

        await FindNewAsync(session, cancellationToken);
        var next = await session.FirstOrNoneAsync<Instant?>(
            "select turns_at from notifications.watched_period order by turns_at limit 1", null, cancellationToken);
        await session.CommitAsync(cancellationToken);
        return next;
    }

    public async Task RunDueAsync(Instant now, CancellationToken cancellationToken)
    {
        while (true)
        {
            await using var session = await database.BeginAsync(cancellationToken);
            var turned = await session.QueryAsync<(Guid Id, bool Begins)>(TakeSql, new { now, BatchSize }, cancellationToken);
            if (turned.Count == 0)
            {
                return;
            }

            var rules = await RuleRow.InForceAsync(session, RuleType.EntitlementReset, cancellationToken);
            foreach (var (id, begins) in turned)
            {
                await TellAsync(session, id, begins ? [] : rules, now, cancellationToken);
            }

            await session.CommitAsync(cancellationToken);
        }
    }

    private async Task FindNewAsync(DbSession session, CancellationToken cancellationToken)
    {
        var cursor = await session.FirstOrNoneAsync<Instant?>("select made_at from notifications.watch_cursor", null, cancellationToken);
        var since = cursor is { } known ? known - Overlap : Beginning;
        FoundEntitlement? last = null;
        IReadOnlyList<FoundEntitlement> found;
        do
        {
            found = await entitlements.MadeSinceAsync(since, last, BatchSize, clock.GetCurrentInstant(), cancellationToken);
            foreach (var one in found)
            {
                await session.ExecuteAsync(WatchSql, one, cancellationToken);
                last = one;
            }
        }
        while (found.Count == BatchSize);

        if (last is not null)
        {
            await session.ExecuteAsync(CursorSql, new { last.CreatedAt }, cancellationToken);
        }
    }

    /// <summary>And goes on to watch the next period.</summary>
    private async Task TellAsync(DbSession session, Guid id, IReadOnlyList<RuleRow> rules, Instant now, CancellationToken cancellationToken)
    {
        if (await entitlements.FindAsync(id, now, cancellationToken) is not { } entitlement)
        {
            return;
        }

        await session.ExecuteAsync(AgainSql, new { id, entitlement.PeriodEnd }, cancellationToken);
        foreach (var rule in rules.Where(rule => rule.IsAbout(entitlement.FeatureId)))
        {
            await EventWriting.AddAsync(session, rule, ContentOf(entitlement), now, cancellationToken);
        }
    }

    private static EventContent ContentOf(MeteredEntitlement entitlement)
    {
        var shown = entitlement.Documents;
        return new EventContent(
            entitlement.CustomerId, entitlement.FeatureId, entitlement.FeatureKey, entitlement.Subject,
            $$"""
            {"entitlement":{{shown.Entitlement}},"feature":{{shown.Feature}},"subject":{{shown.Subject}},"customer":{{shown.Customer}},
            """ + $$"""
            "value":{{shown.Value}}}
            """);
    }

    private static readonly Instant Beginning = Instant.FromUtc(2000, 1, 1, 0, 0);

    private const string ForgetSql = """
        delete from notifications.watched_period;
        delete from notifications.watch_cursor
        """;

    private const string WatchSql = """
        insert into notifications.watched_period (entitlement_id, turns_at, begins)
        values (@Id, @TurnsAt, @Begins)
        on conflict do nothing
        """;

    private const string CursorSql = """
        insert into notifications.watch_cursor (only_one, made_at)
        values (true, @CreatedAt)
        on conflict (only_one) do update set made_at = excluded.made_at
        """;

    private const string AgainSql = """
        insert into notifications.watched_period (entitlement_id, turns_at, begins)
        values (@id, @PeriodEnd, false)
        on conflict (entitlement_id) do update set turns_at = excluded.turns_at, begins = false
        """;

    private const string TakeSql = """
        delete from notifications.watched_period
        where entitlement_id in (
            select entitlement_id
            from notifications.watched_period
            where turns_at <= @now
            order by turns_at, entitlement_id
            limit @BatchSize
            for update skip locked
        )
        returning entitlement_id, begins
        """;
}
