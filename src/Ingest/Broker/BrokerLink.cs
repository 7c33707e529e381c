using Metering.Platform.Messaging;
using Microsoft.Extensions.Logging;
using RabbitMQ.Client;

namespace Metering.Ingest.Broker;

/// <summary>
/// A connection with one channel, made again whenever either is lost, for as long as the process runs. The client's own recovery is off: it
/// does not know channels that the broker has closed.
/// </summary>
internal sealed class BrokerLink(string name, Uri broker, UsageWire wire, CreateChannelOptions channelOptions, ILogger<BrokerLink> logger)
    : IBrokerLink
{
    private static readonly TimeSpan FirstDelay = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan LongestDelay = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan ConnectLimit = TimeSpan.FromSeconds(10);

    private volatile bool isConnected;

    public bool IsConnected => isConnected;

    /// <param name="use">Gets every channel that is opened, with a token that ends with it. The channel is closed when it returns.</param>
    public async Task RunAsync(Func<IChannel, CancellationToken, Task> use, CancellationToken stoppingToken)
    {
        var delay = FirstDelay;
        while (!stoppingToken.IsCancellationRequested)
        {
            Exception? cause = null;
            try
            {
                await UseOneAsync(
                    (channel, lost) =>
                    {
                        delay = FirstDelay;
                        return use(channel, lost);
                    },
                    stoppingToken);
            }
            catch (Exception exception)
            {
                cause = exception;
            }

            if (stoppingToken.IsCancellationRequested)
            {
                return;
            }

            logger.BrokerLost(cause, name, delay);
            await Task.Delay(delay, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            delay = delay * 2 < LongestDelay ? delay * 2 : LongestDelay;
        }
    }

    private async Task UseOneAsync(Func<IChannel, CancellationToken, Task> use, CancellationToken stoppingToken)
    {
        var factory = new ConnectionFactory
        {
            Uri = broker,
            AutomaticRecoveryEnabled = false,
            TopologyRecoveryEnabled = false,
            RequestedHeartbeat = Heartbeat,
            RequestedConnectionTimeout = ConnectLimit,
            ClientProvidedName = $"metering {name}",
        };
        await using var connection = await factory.CreateConnectionAsync(stoppingToken);
        await using var channel = await connection.CreateChannelAsync(channelOptions, stoppingToken);
        using var lost = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken);
        channel.ChannelShutdownAsync += (_, _) => lost.CancelAsync();
        await wire.DeclareAsync(channel, stoppingToken);
        isConnected = true;
        logger.BrokerConnected(name);
        try
        {
            await use(channel, lost.Token);
        }
        catch (OperationCanceledException) when (lost.IsCancellationRequested)
        {
            // What it did with the channel ended with it.
        }
        finally
        {
            isConnected = false;
        }
    }
}
