using MassTransit;

namespace Metering.Platform.Messaging;

/// <summary>Publishes to the quorum queue <c>metering-messages</c>; MassTransit waits for the broker's confirm.</summary>
internal sealed class RabbitMqTransport(IBusControl bus, MeteringOptions options) : IMessageTransport
{
    public static string QueueOf(MeteringOptions options) => "metering-messages" + options.BrokerSuffix;

    /// <summary>Of the bus and of all its queues.</summary>
    public bool IsConnected => bus.CheckHealth().Status == BusHealthStatus.Healthy;

    public Task SendAsync(OutboxEnvelope envelope, CancellationToken cancellationToken) =>
        bus.SendAsync(QueueOf(options), envelope.MessageId, envelope, cancellationToken);
}

internal sealed class OutboxEnvelopeConsumer(Inbox inbox) : IConsumer<OutboxEnvelope>
{
    public Task Consume(ConsumeContext<OutboxEnvelope> context) => inbox.ReceiveAsync(context.Message, context.CancellationToken);
}
