using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace Metering.Testing;

/// <summary>
/// The exchanges and queues of one test's host at a broker that several tests share, to publish to and to look at as a gateway would.
/// </summary>
public sealed class TestBroker(Uri broker, string suffix)
{
    private const string Exchange = "metering.usage";
    private static readonly string[] Queues = ["metering-usage-events", "metering-messages"];

    /// <summary>Straight to the exchange; returns when the broker has confirmed.</summary>
    public async Task PublishAsync(ReadOnlyMemory<byte> body, BasicProperties properties, CancellationToken cancellationToken = default)
    {
        await using var connection = await ConnectAsync();
        var confirmed = new CreateChannelOptions(publisherConfirmationsEnabled: true, publisherConfirmationTrackingEnabled: true);
        await using var channel = await connection.CreateChannelAsync(confirmed, cancellationToken);
        await channel.BasicPublishAsync(Exchange + suffix, "gateway.anything", mandatory: true, properties, body, cancellationToken);
    }

    /// <summary>How many messages wait in the queue of usage events and are with nobody.</summary>
    public async Task<uint> WaitingAsync()
    {
        await using var connection = await ConnectAsync();
        await using var channel = await connection.CreateChannelAsync();
        return await channel.MessageCountAsync(Queues[0] + suffix);
    }

    /// <summary>As an operator might by mistake.</summary>
    public async Task DeleteUsageQueueAsync()
    {
        await using var connection = await ConnectAsync();
        await using var channel = await connection.CreateChannelAsync();
        await channel.QueueDeleteAsync(Queues[0] + suffix);
    }

    /// <summary>Leaves nothing behind, if the broker is still there.</summary>
    internal async Task RemoveAsync()
    {
        try
        {
            await using var connection = await ConnectAsync();
            await using var channel = await connection.CreateChannelAsync();
            await channel.ExchangeDeleteAsync(Exchange + suffix);
            foreach (var queue in Queues)
            {
                await channel.QueueDeleteAsync(queue + suffix);
                await channel.ExchangeDeleteAsync(queue + suffix);
            }
        }
        catch (BrokerUnreachableException)
        {
            // The test has ended its broker, and everything on it.
        }
    }

    private Task<IConnection> ConnectAsync() => new ConnectionFactory { Uri = broker, AutomaticRecoveryEnabled = false }.CreateConnectionAsync();
}
