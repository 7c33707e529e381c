using Metering.Contracts.Messages;
using Metering.Platform.Database;
using Metering.Platform.Messaging;

namespace Metering.Invoicing.Billing;

/// <summary>A subscription ends, perhaps before its period does: billing looks at it then at the latest.</summary>
internal sealed class SubscriptionEndedHandler : IMessageHandler<SubscriptionEnded>
{
    public Task HandleAsync(SubscriptionEnded message, DbSession session, CancellationToken cancellationToken) =>
        session.ExecuteAsync(HastenSql, message, cancellationToken);

    // The cursor only says when to look. What is then due follows from the subscription itself, so an end that was
    // withdrawn or moved does no harm; one that lies before what is billed already has nothing left to close.
    private const string HastenSql = """
        insert into invoicing.billing_cursor (subscription_id, customer_id, next_due_at)
        values (@SubscriptionId, @CustomerId, @ActiveTo)
        on conflict (subscription_id) do update
        set next_due_at = least(billing_cursor.next_due_at, excluded.next_due_at)
        """;
}
