using System.Collections.Immutable;
using System.Text.Json;
using Metering.Contracts.Messages;
using Metering.Notifications.Events;
using Metering.Notifications.Rules;
using Metering.Platform.Clock;
using Metering.Platform.Database;
using Metering.Platform.Http;
using Metering.Platform.Messaging;
using Metering.Subscriptions.Entitlements;
using NodaTime;

namespace Metering.Notifications.Watching;

/// <summary>
/// Usage was recorded: the entitlements that it counts against are marked, and looked at a moment later, once for however many events came
/// in. Each threshold is told once in a usage period.
/// </summary>
internal sealed class ThresholdWatch(MeteringDatabase database, MeteredEntitlementReader entitlements, IClock clock)
    : IMessageHandler<UsageRecorded>, IDueWork
{
    private const int BatchSize = 200;

    public async Task HandleAsync(UsageRecorded message, DbSession session, CancellationToken cancellationToken)
    {
        if (!await session.SingleAsync<bool>(WantedSql, new { type = RuleType.BalanceThreshold }, cancellationToken))
        {
            return;
        }

        var touched = await entitlements.TouchedAsync(message.Touched, cancellationToken);
        await session.ExecuteAsync(MarkSql, new { ids = touched.Order().ToArray(), now = clock.GetCurrentInstant() }, cancellationToken);
    }

    public async Task<Instant?> NextDueAsync(CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(cancellationToken);
        return await session.FirstOrNoneAsync<Instant?>(
            "select touched_at from notifications.touched_entitlement order by touched_at limit 1", null, cancellationToken);
    }

    public async Task RunDueAsync(Instant now, CancellationToken cancellationToken)
    {
        while (true)
        {
            await using var session = await database.BeginAsync(cancellationToken);
            var taken = await session.QueryAsync<Guid>(TakeSql, new { now, BatchSize }, cancellationToken);
            if (taken.Count == 0)
            {
                return;
            }

            var rules = await RuleRow.InForceAsync(session, RuleType.BalanceThreshold, cancellationToken);
            foreach (var id in taken)
            {
                await LookAtAsync(session, id, rules, now, cancellationToken);
            }

            await session.CommitAsync(cancellationToken);
        }
    }

    private async Task LookAtAsync(DbSession session, Guid id, IReadOnlyList<RuleRow> rules, Instant now, CancellationToken cancellationToken)
    {
        if (rules.Count == 0 || await entitlements.FindAsync(id, now, cancellationToken) is not { } entitlement)
        {
            return;
        }

        foreach (var rule in rules.Where(rule => rule.IsAbout(entitlement.FeatureId)))
        {
            var reached = rule.ThresholdList.Where(one => one.IsReached(entitlement.Usage, entitlement.Granted, entitlement.Balance));
            foreach (var threshold in reached)
            {
                var crossing = new { ruleId = rule.Id, entitlementId = id, threshold = threshold.Identity, entitlement.PeriodStart, now };
                if (await session.ExecuteAsync(CrossSql, crossing, cancellationToken) == 1)
                {
                    await EventWriting.AddAsync(session, rule, ContentOf(entitlement, threshold), now, cancellationToken);
                }
            }
        }
    }

    private static EventContent ContentOf(MeteredEntitlement entitlement, Threshold threshold)
    {
        var shown = entitlement.Documents;
        var crossed = JsonSerializer.Serialize(threshold, MeteringJson.Options);
        return new EventContent(
            entitlement.CustomerId, entitlement.FeatureId, entitlement.FeatureKey, entitlement.Subject,
            $$"""
            {"entitlement":{{shown.Entitlement}},"feature":{{shown.Feature}},"subject":{{shown.Subject}},"customer":{{shown.Customer}},
            """ + $$"""
            "value":{{shown.Value}},"threshold":{{crossed}}}
            """);
    }

    private const string WantedSql =
        "select exists (select from notifications.rule where type = @type and not disabled and deleted_at is null)";

    private const string MarkSql = """
        insert into notifications.touched_entitlement (entitlement_id, touched_at)
        select id, @now from unnest(@ids) as t (id)
        on conflict do nothing
        """;

    // Taken first and looked at in the same transaction: usage that is recorded meanwhile marks the entitlement anew behind it.
    private const string TakeSql = """
        delete from notifications.touched_entitlement
        where entitlement_id in (
            select entitlement_id
            from notifications.touched_entitlement
            where touched_at <= @now
            order by touched_at, entitlement_id
            limit @BatchSize
            for update skip locked
        )
        returning entitlement_id
        """;

    private const string CrossSql = """
        insert into notifications.threshold_crossing (rule_id, entitlement_id, threshold, period_start, crossed_at)
        values (@ruleId, @entitlementId, @threshold, @PeriodStart, @now)
        on conflict do nothing
        """;
}
