using Metering.Platform.Database;

namespace Metering.Subscriptions.Leases;

internal static class PoolOpening
{
    /// <summary>The subjects of the customer changed: its running periods are measured anew before the next lease.</summary>
    public static Task ForgetMeasurementsAsync(DbSession session, Guid customerId, CancellationToken cancellationToken) =>
        session.ExecuteAsync(ForgetSql, new { customerId }, cancellationToken);

    private const string ForgetSql = """
        update subscriptions.pool
        set measured_at = null
        where closed_at is null
          and entitlement_id in (select id from subscriptions.entitlement where customer_id = @customerId)
        """;
}
