namespace Metering.Platform.Messaging;

/// <summary>Carries an outbox message to the <see cref="Inbox"/>: in process, or over RabbitMQ.</summary>
public interface IMessageTransport
{
    /// <summary>Whether messages go out and come in at this moment.</summary>
    bool IsConnected { get; }

    /// <summary>Returns when the message is safe with the transport.</summary>
    Task SendAsync(OutboxEnvelope envelope, CancellationToken cancellationToken);
}

/// <summary>The embedded default: sending is handling.</summary>
internal sealed class InProcessTransport(Inbox inbox) : IMessageTransport
{
    public bool IsConnected => true;

    public Task SendAsync(OutboxEnvelope envelope, CancellationToken cancellationToken) => inbox.ReceiveAsync(envelope, cancellationToken);
}
