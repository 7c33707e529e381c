using Metering.Contracts.Messages;
using Metering.Notifications.Events;
using Metering.Notifications.Rules;
using Metering.Platform.Database;
using Metering.Platform.Identifiers;
using Metering.Platform.Messaging;
using NodaTime;

namespace Metering.Notifications.Watching;

/// <summary>An invoice is new or has changed: every rule that waits for it tells.</summary>
internal sealed class InvoiceWatch(IClock clock) : IMessageHandler<InvoiceChanged>
{
    public async Task HandleAsync(InvoiceChanged message, DbSession session, CancellationToken cancellationToken)
    {
        var type = message.IsNew ? RuleType.InvoiceCreated : RuleType.InvoiceUpdated;
        var content = new EventContent(message.CustomerId, null, null, PublicId.Format(message.CustomerId), message.Document);
        foreach (var rule in await RuleRow.InForceAsync(session, type, cancellationToken))
        {
            await EventWriting.AddAsync(session, rule, content, clock.GetCurrentInstant(), cancellationToken);
        }
    }
}
