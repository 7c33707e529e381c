using Metering.Contracts.Messages;
using Metering.Platform.Database;
using Metering.Platform.Messaging;

namespace Metering.Invoicing.Billing;

/// <summary>A subscription exists: from now on a cursor remembers how far it has been billed.</summary>
internal sealed class SubscriptionStartedHandler : IMessageHandler<SubscriptionStarted>
{
    public Task HandleAsync(SubscriptionStarted message, DbSession session, CancellationToken cancellationToken) =>
        session.ExecuteAsync(OpenSql, message, cancellationToken);

    // The end may have been told first and have opened the cursor; the start is then what falls due earlier.
    private const string OpenSql = """
        insert into invoicing.billing_cursor (subscription_id, customer_id, next_due_at)
        values (@SubscriptionId, @CustomerId, @ActiveFrom)
        on conflict (subscription_id) do update
        set next_due_at = least(billing_cursor.next_due_at, excluded.next_due_at)
        """;
}
