using Metering.Ingest.Events;
using RabbitMQ.Client;

namespace Metering.Ingest.Broker;

/// <summary>
/// What gateways and Metering agree on at the broker: where usage events are published, and what a message says beside its body, which is
/// a CloudEvent or an array of them as JSON. Published as <c>schemas/asyncapi.v1.json</c>.
/// </summary>
/// <param name="suffix">Ends both names; empty but for tests.</param>
internal sealed class UsageWire(string suffix)
{
    public const string ExchangeName = "metering.usage";

    public const string QueueName = "metering-usage-events";

    /// <summary>What Metering itself publishes with. Any other is as good: all that is published arrives.</summary>
    public const string RoutingKey = "events";

    public const string SingleContentType = "application/cloudevents+json";

    public const string BatchContentType = "application/cloudevents-batch+json";

    /// <summary>One event or an array.</summary>
    public const string JsonContentType = "application/json";

    /// <summary>RFC 3339, to the microsecond: the time of events that state none. Otherwise the message's timestamp is, or its arrival.</summary>
    public const string ReceivedAtHeader = "metering-received-at";

    public string Exchange { get; } = ExchangeName + suffix;

    public string Queue { get; } = QueueName + suffix;

    /// <summary>Whoever connects first makes them. Durable and replicated; a topic exchange, so that others may listen as well.</summary>
    public async Task DeclareAsync(IChannel channel, CancellationToken cancellationToken)
    {
        await channel.ExchangeDeclareAsync(Exchange, ExchangeType.Topic, durable: true, autoDelete: false, cancellationToken: cancellationToken);
        var quorum = new Dictionary<string, object?> { ["x-queue-type"] = "quorum" };
        await channel.QueueDeclareAsync(
            Queue, durable: true, exclusive: false, autoDelete: false, arguments: quorum, cancellationToken: cancellationToken);
        await channel.QueueBindAsync(Queue, Exchange, "#", cancellationToken: cancellationToken);
    }

    /// <summary>What a content type lets a body be; null when it is none of ours. Without one the body says it.</summary>
    public static EventBatchForm? FormOf(string? contentType)
    {
        var end = contentType?.IndexOf(';', StringComparison.Ordinal) ?? -1;
        var mediaType = end < 0 ? contentType : contentType![..end];
        return mediaType?.Trim().ToLowerInvariant() switch
        {
            null or "" or JsonContentType => EventBatchForm.Either,
            SingleContentType => EventBatchForm.Single,
            BatchContentType => EventBatchForm.Array,
            _ => null,
        };
    }
}
