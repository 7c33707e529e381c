using Metering.Platform.Database;
using Metering.Rating;
using Metering.Subscriptions.Entitlements.Balances;
using NodaTime;

namespace Metering.Subscriptions.Entitlements;

/// <summary>
/// A customer moves to another zone. The running usage period ends where it was going to end; the calendar of the new zone begins there, with
/// what is left of its period. Nobody has a second allowance for the same hours.
/// </summary>
internal static class EntitlementZones
{
    public static async Task MoveAsync(DbSession session, Guid customerId, DateTimeZone zone, Instant now, CancellationToken cancellationToken)
    {
        var metered = EntitlementRow.SelectSql + MeteredSql;
        foreach (var row in await session.QueryAsync<EntitlementRow>(metered, new { customerId, now }, cancellationToken))
        {
            await EntitlementRow.LockAsync(session, row.Id, cancellationToken);
            var anchor = await session.FirstOrNoneAsync<Instant?>(BillingAnchorSql, new { row.Id }, cancellationToken);
            if (row.ActiveFrom > now)
            {
                var first = AnchorIn(zone, Cadence.Parse(row.UsagePeriod!), anchor, row.Anchor!.Value);
                await session.ExecuteAsync(BeforeItBeginsSql, new { row.Id, anchor = first, zone = zone.Id }, cancellationToken);
                continue;
            }

            var account = await BalanceAccount.LoadAsync(session, row, cancellationToken);
            var calendar = account.Periods.CalendarAt(now);
            var turn = new
            {
                row.Id,
                at = account.Periods.PeriodAt(now).End,
                anchor = AnchorIn(zone, calendar.Cadence, account.Periods.HasMovedAnchorAt(now) ? null : anchor, calendar.Anchor),
                zone = zone.Id,
                now,
            };
            await session.ExecuteAsync(TurnSql, turn, cancellationToken);
        }
    }

    /// <summary>What follows a subscription's billing begins where its days begin in the zone; any other anchor is an instant and stays.</summary>
    private static Instant AnchorIn(DateTimeZone zone, Cadence period, Instant? billingAnchor, Instant anchor) =>
        billingAnchor is { } billing ? QuotaCalendar.Of(period, billing, zone).Anchor : anchor;

    private const string MeteredSql = """
         where e.customer_id = @customerId
          and e.kind = 'metered'
          and e.deleted_at is null
          and (e.active_to is null or e.active_to > @now)
        order by e.id
        """;

    private const string BillingAnchorSql = """
        select s.billing_anchor
        from subscriptions.entitlement e
        join subscriptions.subscription s on s.id = e.subscription_id
        where e.id = @Id
        """;

    private const string BeforeItBeginsSql = "update subscriptions.entitlement set anchor = @anchor, time_zone = @zone where id = @Id";

    // The last move before the period ends is the one that counts.
    private const string TurnSql = """
        insert into subscriptions.entitlement_turn (entitlement_id, at, is_reset, preserve_overage, anchor, time_zone, created_at)
        values (@Id, @at, false, false, @anchor, @zone, @now)
        on conflict (entitlement_id, at) do update set anchor = excluded.anchor, time_zone = excluded.time_zone
        """;
}
