using MassTransit;

namespace Metering.Platform.Messaging;

/// <summary>Publishes to the quorum queue <c>metering-messages</c>; MassTransit waits for the broker's confirm.</summary>
internal sealed class RabbitMqTransport(IBusControl bus) : IMessageTransport
{
    public const string QueueName = "metering-messages";

    /// <summary>Of the bus and of all its queues.</summary>
    public bool IsConnected => bus.CheckHealth().Status == BusHealthStatus.Healthy;

    public Task SendAsync(OutboxEnvelope envelope, CancellationToken cancellationToken) =>
        bus.SendAsync(QueueName, envelope.MessageId, envelope, cancellationToken);
}

internal sealed class OutboxEnvelopeConsumer(Inbox inbox) : IConsumer<OutboxEnvelope>
{
    public Task Consume(ConsumeContext<OutboxEnvelope> context) => inbox.ReceiveAsync(context.Message, context.CancellationToken);
}
