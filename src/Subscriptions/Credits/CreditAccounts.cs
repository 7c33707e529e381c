using Metering.Platform.Database;
using Metering.Rating;
using Metering.Subscriptions.Snapshots;

namespace Metering.Subscriptions.Credits;

/// <summary>
/// How Invoicing tells what credit there is, in the transaction in which it moves. Where a document takes credit for usage that sidecars let through,
/// what was set aside for it ends first: whoever does both locks pools before the account, as leases do.
/// </summary>
public static class CreditAccounts
{
    /// <summary>What is left of grants that pay for every feature. Sidecars hear of it when it is committed.</summary>
    public static async Task SetAsync(
        DbSession session, Guid customerId, Currency currency, decimal balance, CancellationToken cancellationToken)
    {
        var parameters = new { customerId, code = currency.Code, balance = CreditUnits.Of(balance) };
        await session.ExecuteAsync(SetSql, parameters, cancellationToken);
        if (await session.SingleAsync<bool>(IsPrepaidSql, parameters, cancellationToken))
        {
            await SnapshotVersions.BumpAsync(session, [customerId], cancellationToken);
        }
    }

    /// <summary>The period's use of a feature is billed: what was spent of it through sidecars has left the wallet with the document.</summary>
    public static Task BilledAsync(
        DbSession session, Guid customerId, Currency currency, string featureKey, ServicePeriod period, CancellationToken cancellationToken) =>
        session.ExecuteAsync(BilledSql, Parameters(customerId, currency, featureKey, period), cancellationToken);

    /// <summary>The document that billed it was voided: what was spent is owed again.</summary>
    public static Task UnbilledAsync(
        DbSession session, Guid customerId, Currency currency, string featureKey, ServicePeriod period, CancellationToken cancellationToken) =>
        session.ExecuteAsync(UnbilledSql, Parameters(customerId, currency, featureKey, period), cancellationToken);

    private static object Parameters(Guid customerId, Currency currency, string featureKey, ServicePeriod period) =>
        new { customerId, code = currency.Code, featureKey, from = period.Start, to = period.End };

    private const string SetSql = """
        insert into subscriptions.credit_account (customer_id, currency, balance, cap)
        values (@customerId, @code, @balance, @balance)
        on conflict (customer_id, currency) do update
        set balance = excluded.balance, cap = greatest(excluded.balance, credit_account.used)
        """;

    private const string IsPrepaidSql = """
        select exists (
            select from subscriptions.entitlement where customer_id = @customerId and request_limits @> '{"prepaid":true}' and deleted_at is null)
        """;

    private const string OfPeriodSql = """
            select id
            from subscriptions.pool
            where credit_customer_id = @customerId and credit_currency = @code and credit_feature = @featureKey
              and period_start >= @from and period_end <= @to
            order by id
            for update
        """;

    private const string BilledSql =
        "update subscriptions.pool set billed_at = clock_timestamp(), closed_at = coalesce(closed_at, clock_timestamp())\n"
        + "where billed_at is null and id in (\n" + OfPeriodSql + ")";

    private const string UnbilledSql =
        "update subscriptions.pool set billed_at = null where billed_at is not null and id in (\n" + OfPeriodSql + ")";
}
