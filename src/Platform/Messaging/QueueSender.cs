using MassTransit;

namespace Metering.Platform.Messaging;

/// <summary>
/// Sends to a queue that a receive endpoint has declared. Goes to the endpoint's exchange: addressing the queue itself would declare it
/// again as a classic one, which the broker refuses. Mandatory, so that a message which no queue takes is an error and not lost.
/// </summary>
public static class QueueSender
{
    /// <summary>Returns when the broker has confirmed the message.</summary>
    public static async Task SendAsync<TMessage>(this IBus bus, string queue, Guid messageId, TMessage message, CancellationToken cancellationToken)
        where TMessage : class
    {
        var endpoint = await bus.GetSendEndpoint(new Uri($"exchange:{queue}"));
        await endpoint.Send(
            message,
            context =>
            {
                context.MessageId = messageId;
                if (context.TryGetPayload<RabbitMqSendContext>(out var rabbitMq))
                {
                    rabbitMq.Mandatory = true;
                }
            },
            cancellationToken);
    }
}
