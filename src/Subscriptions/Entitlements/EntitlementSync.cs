using System.Collections.Immutable;
using Metering.Platform.Database;
using Metering.Platform.Identifiers;
using Metering.Subscriptions.Entitlements.Balances;
using Metering.Subscriptions.Entitlements.Grants;
using Metering.Subscriptions.Leases;
using Metering.Subscriptions.Plans;
using Metering.Subscriptions.Snapshots;
using Metering.Subscriptions.Wire;
using NodaTime;

namespace Metering.Subscriptions.Entitlements;

/// <summary>
/// Brings a customer's entitlements in line with its subscriptions: those that begin, move or end, and what overlapping ones add to each
/// other. To be called in the transaction that changed a subscription, with the customer locked; safe to repeat.
/// </summary>
internal sealed class EntitlementSync(PoolAllowances allowances)
{
    /// <returns>The features to which the customer would be entitled twice at a time although they refuse that; nothing was changed then.</returns>
    public async Task<ImmutableArray<string>> SyncAsync(DbSession session, Guid customerId, Instant now, CancellationToken cancellationToken)
    {
        var planned = await PlannedEntitlement.OfCustomerAsync(session, customerId, cancellationToken);
        var existing = await session.QueryAsync<EntitlementRow>(ExistingSql, new { customerId }, cancellationToken);
        var byId = existing.ToDictionary(row => row.Id);
        var features = planned.GroupBy(item => item.FeatureId).Select(items => new FeatureClaims(
            [.. items],
            [.. existing.Where(row => row.FeatureId == items.Key && !row.IsOfSubscription && !(row.ActiveTo <= row.ActiveFrom))],
            byId, now)).ToList();
        if (features.Where(feature => feature.Refuses).Select(feature => feature.Key).ToImmutableArray() is { IsEmpty: false } refused)
        {
            return refused;
        }

        await EndMissingAsync(session, existing, planned, now, cancellationToken);
        var touched = new SortedDictionary<Guid, Instant>();
        foreach (var feature in features)
        {
            await ApplyAsync(session, customerId, feature, touched, cancellationToken);
        }

        foreach (var (entitlementId, from) in touched)
        {
            await BalanceSnapshots.ForgetFromAsync(session, entitlementId, from, cancellationToken);
            await allowances.RefreshOpenAsync(session, entitlementId, now, cancellationToken);
        }

        return [];
    }

    private static async Task EndMissingAsync(
        DbSession session, IEnumerable<EntitlementRow> existing, IEnumerable<PlannedEntitlement> planned, Instant now,
        CancellationToken cancellationToken)
    {
        var kept = planned.Select(item => item.Id).ToHashSet();
        foreach (var row in existing.Where(row => row is { IsOfSubscription: true, DeletedAt: null } && !kept.Contains(row.Id)))
        {
            await EndAsync(session, row, now, cancellationToken);
        }
    }

    /// <summary>What has not begun never will; what has ends now, unless it ended before.</summary>
    private static async Task EndAsync(DbSession session, EntitlementRow row, Instant now, CancellationToken cancellationToken)
    {
        if (row.ActiveFrom > now)
        {
            await session.ExecuteAsync(NeverSql, new { row.Id, now }, cancellationToken);
        }
        else if (!(row.ActiveTo <= now))
        {
            await session.ExecuteAsync(MoveEndSql, new { row.Id, activeTo = (Instant?)now, now }, cancellationToken);
        }
    }

    private static async Task ApplyAsync(
        DbSession session, Guid customerId, FeatureClaims feature, SortedDictionary<Guid, Instant> touched, CancellationToken cancellationToken)
    {
        var (windows, additions) = FeatureWindows.Of(feature.Claims);
        var now = feature.Now;
        var ids = new Dictionary<Guid, Guid>();
        foreach (var own in feature.Own)
        {
            ids[own.Id] = own.Id;
        }

        foreach (var item in feature.Items)
        {
            var window = windows.FirstOrDefault(window => window.Claim.Id == item.Id);
            var row = feature.RowOf(item.Id);
            if (window is null || (row is null && window.To <= now))
            {
                await (row is null ? Task.CompletedTask : EndAsync(session, row, now, cancellationToken));
                continue;
            }

            ids[item.Id] = await PutAsync(session, customerId, item, window, row, now, cancellationToken);
            await AddBoundariesAsync(session, customerId, window, now, cancellationToken);
        }

        foreach (var item in feature.Items.Where(item => item is { IsMetered: true, Allowance: > 0m }))
        {
            var added = additions.Where(addition => addition.Claim.Id == item.Id && ids.ContainsKey(addition.To.Id));
            await AddAsync(session, item, added.ToDictionary(addition => ids[addition.To.Id]), touched, now, cancellationToken);
        }
    }

    private static async Task<Guid> PutAsync(
        DbSession session, Guid customerId, PlannedEntitlement item, FeatureWindow window, EntitlementRow? row, Instant now,
        CancellationToken cancellationToken)
    {
        if (row is { DeletedAt: null } && row.ActiveFrom == window.From)
        {
            if (row.ActiveTo != window.To)
            {
                await session.ExecuteAsync(MoveEndSql, new { row.Id, activeTo = window.To, now }, cancellationToken);
            }

            return row.Id;
        }

        var calendar = item.Calendar;
        var entitlement = new
        {
            item.Id, customerId, item.SubscriptionId, item.ItemId, item.FeatureId, item.FeatureKey, kind = item.Template.Type,
            item.Template.Config, soft = item.Template.IsSoftLimit ?? false, item.Allowance,
            issuePriority = item.Template.IssueAfterResetPriority ?? 1, preserveOverage = item.Template.PreserveOverageAtReset ?? false,
            item.UsagePeriod, anchor = calendar?.Anchor, item.TimeZone, rateLimits = Metadata.ToJson(item.Template.RateLimits ?? []),
            requestLimits = Metadata.ToJson(item.Template.RequestLimits ?? RequestLimitsBody.None),
            metadata = Metadata.ToJson(item.Template.Metadata ?? Metadata.None), window.From, window.To, now,
        };
        var id = await session.SingleAsync<Guid>(PutSql, entitlement, cancellationToken);
        await session.ExecuteAsync(UnissueSql, new { id }, cancellationToken);
        if (item is { IsMetered: true, Allowance: > 0m })
        {
            var stored = await EntitlementRow.FindAsync(session, id, cancellationToken);
            await session.ExecuteAsync(GrantRow.InsertSql, GrantRow.IssueOf(stored!, now), cancellationToken);
        }

        return id;
    }

    /// <summary>What an item adds to entitlements of others: its allowance, anew in each of its own periods.</summary>
    private static async Task AddAsync(
        DbSession session, PlannedEntitlement item, Dictionary<Guid, FeatureAddition> added, SortedDictionary<Guid, Instant> touched, Instant now,
        CancellationToken cancellationToken)
    {
        var known = await session.QueryAsync<AddedGrant>(AddedSql, new { item.ItemId }, cancellationToken);
        foreach (var entitlementId in known.Select(grant => grant.EntitlementId).Concat(added.Keys).Distinct().Order())
        {
            var grant = known.FirstOrDefault(grant => grant.EntitlementId == entitlementId);
            var addition = added.GetValueOrDefault(entitlementId);
            await EntitlementRow.LockAsync(session, entitlementId, cancellationToken);
            if (await ChangeAsync(session, item, entitlementId, grant, addition, now, cancellationToken) is { } from)
            {
                touched[entitlementId] = touched.TryGetValue(entitlementId, out var earlier) ? Instant.Min(earlier, from) : from;
            }
        }
    }

    /// <returns>From when the entitlement's grants are others than before; null when they are not.</returns>
    private static async Task<Instant?> ChangeAsync(
        DbSession session, PlannedEntitlement item, Guid entitlementId, AddedGrant? grant, FeatureAddition? addition, Instant now,
        CancellationToken cancellationToken)
    {
        if (grant is not null && (grant.EffectiveAt <= now || grant.EffectiveAt == addition?.From))
        {
            var until = addition is null ? now : addition.Until;
            if (until == grant.VoidedAt || grant.VoidedAt <= now)
            {
                return null;
            }

            await session.ExecuteAsync(UntilSql, new { grant.Id, until, now }, cancellationToken);
            return now;
        }

        // What had not begun is not a grant yet, and is planned anew.
        if (grant is not null)
        {
            await session.ExecuteAsync("delete from subscriptions.entitlement_grant where id = @Id", new { grant.Id }, cancellationToken);
        }

        if (addition is null || addition.Until <= now)
        {
            return grant is null ? null : now;
        }

        var added = new GrantRow(
            PublicId.New(now), entitlementId, EntitlementRow.OfSubscription, IsIssue: false, item.ItemId, item.Allowance,
            item.Template.IssueAfterResetPriority ?? 1, addition.From, null, null, null, addition.Until, 0m, item.Allowance,
            item.UsagePeriod, item.Calendar!.Anchor, item.TimeZone, "{}", null, now, now);
        await session.ExecuteAsync(GrantRow.InsertSql, added, cancellationToken);
        return Instant.Min(now, addition.From);
    }

    private static async Task AddBoundariesAsync(
        DbSession session, Guid customerId, FeatureWindow window, Instant now, CancellationToken cancellationToken)
    {
        await AccessBoundaries.AddAsync(session, customerId, window.From, now, cancellationToken);
        if (window.To is { } end)
        {
            await AccessBoundaries.AddAsync(session, customerId, end, now, cancellationToken);
        }
    }

    private const string ExistingSql = EntitlementRow.SelectSql + " where e.customer_id = @customerId order by e.active_from, e.id";

    private const string NeverSql = """
        update subscriptions.entitlement
        set active_to = active_from, deleted_at = @now, updated_at = @now
        where id = @Id
        """;

    private const string MoveEndSql = """
        update subscriptions.entitlement
        set active_to = @activeTo, updated_at = @now
        where id = @Id
        """;

    // What was never to begin may be planned again.
    private const string PutSql = """
        insert into subscriptions.entitlement
            (id, customer_id, subscription_id, item_id, feature_id, feature_key, kind, config, soft, allowance, issue_priority, preserve_overage,
             usage_period, anchor, measured_from, time_zone, rate_limits, request_limits, origin, metadata, active_from, active_to, created_at,
             updated_at)
        values
            (@Id, @customerId, @SubscriptionId, @ItemId, @FeatureId, @FeatureKey, @kind, @Config, @soft, @Allowance, @issuePriority,
             @preserveOverage, @UsagePeriod, @anchor, @From, @TimeZone, @rateLimits::jsonb, @requestLimits::jsonb,
             'subscription', @metadata::jsonb, @From, @To, @now, @now)
        on conflict (id) do update
        set active_from = excluded.active_from, active_to = excluded.active_to, measured_from = excluded.measured_from,
            updated_at = excluded.updated_at, deleted_at = null
        returning id
        """;

    private const string UnissueSql = "delete from subscriptions.entitlement_grant where entitlement_id = @id and is_issue";

    private const string AddedSql = """
        select id, entitlement_id as entitlementId, effective_at as effectiveAt, voided_at as voidedAt
        from subscriptions.entitlement_grant
        where item_id = @ItemId
        """;

    private const string UntilSql = "update subscriptions.entitlement_grant set voided_at = @until, updated_at = @now where id = @Id";

    private sealed record AddedGrant(Guid Id, Guid EntitlementId, Instant EffectiveAt, Instant? VoidedAt);

    /// <summary>Everybody who entitles a customer to one feature.</summary>
    private sealed record FeatureClaims(
        ImmutableArray<PlannedEntitlement> Items, ImmutableArray<EntitlementRow> Own, Dictionary<Guid, EntitlementRow> ById, Instant Now)
    {
        public string Key => Items[0].FeatureKey;

        public bool Refuses => Items[0].Overlap == "refuse" && FeatureWindows.Overlap(Claims, Now);

        public ImmutableArray<FeatureClaim> Claims { get; } =
        [
            .. Own.Select(row => new FeatureClaim(row.Id, row.ActiveFrom, row.ActiveTo, row.ActiveFrom <= Now)),
            .. Items.Select(item => ById.GetValueOrDefault(item.Id) is { DeletedAt: null } row && row.ActiveFrom <= Now
                ? new FeatureClaim(item.Id, row.ActiveFrom, item.ActiveTo, HasBegun: true)
                : new FeatureClaim(item.Id, item.ActiveFrom, item.ActiveTo, HasBegun: false)),
        ];

        public EntitlementRow? RowOf(Guid id) => ById.GetValueOrDefault(id);
    }
}
