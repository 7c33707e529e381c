using Metering.Contracts.Messages;
using Metering.Platform.Database;
using Metering.Platform.Messaging;

namespace Metering.Invoicing.Billing;

/// <summary>A subscription changed while it goes on: a phase may begin earlier than the cursor was going to look.</summary>
internal sealed class SubscriptionChangedHandler : IMessageHandler<SubscriptionChanged>
{
    public Task HandleAsync(SubscriptionChanged message, DbSession session, CancellationToken cancellationToken) =>
        session.ExecuteAsync(LookSql, message, cancellationToken);

    // Looking too early does no harm: the run finds that nothing is due and postpones.
    private const string LookSql = """
        insert into invoicing.billing_cursor (subscription_id, customer_id, next_due_at)
        values (@SubscriptionId, @CustomerId, @At)
        on conflict (subscription_id) do update
        set next_due_at = least(billing_cursor.next_due_at, excluded.next_due_at)
        """;
}
