using MassTransit;

namespace Metering.Platform.Messaging;

/// <summary>
/// How a message is addressed to one of our queues. MassTransit's own <c>queue:</c> addresses declare the queue anew and as a
/// classic one, which the broker refuses for a quorum queue; the exchange of the same name leaves the declaration to the consumer.
/// </summary>
public static class QueueSend
{
    public static Uri AddressOf(string queueName) => new($"exchange:{queueName}");

    /// <summary>Before the consumer has declared its queue the broker would confirm the message and drop it: have it returned instead.</summary>
    public static void MustArrive(SendContext context)
    {
        if (context.TryGetPayload(out RabbitMqSendContext? rabbitMq))
        {
            rabbitMq.Mandatory = true;
        }
    }
}
