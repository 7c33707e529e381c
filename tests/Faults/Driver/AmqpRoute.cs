using System.Text;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace Metering.Faults.Driver;

/// <summary>A gateway that publishes straight to the broker, with confirms. A connection that broke is made anew for the next attempt.</summary>
internal sealed class AmqpRoute(string url) : IAsyncDisposable
{
    private const string Exchange = "metering.usage";
    private static readonly TimeSpan ConfirmLimit = TimeSpan.FromSeconds(10);

    private readonly SemaphoreSlim turn = new(1);
    private IConnection? connection;
    private IChannel? channel;

    /// <returns>False when the broker did not confirm: it may have the message all the same.</returns>
    public async Task<bool> TryPublishAsync(string body, CancellationToken cancellationToken)
    {
        await turn.WaitAsync(cancellationToken);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(ConfirmLimit);
        try
        {
            var properties = new BasicProperties { ContentType = "application/cloudevents-batch+json", Persistent = true };
            await (await ChannelAsync(limit.Token)).BasicPublishAsync(
                Exchange, "events", mandatory: true, properties, Encoding.UTF8.GetBytes(body), limit.Token);
            return true;
        }
        catch (Exception exception) when (IsBroken(exception) && !cancellationToken.IsCancellationRequested)
        {
            await DropAsync();
            return false;
        }
        finally
        {
            turn.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await DropAsync();
        turn.Dispose();
    }

    private static bool IsBroken(Exception exception) =>
        exception is BrokerUnreachableException or OperationInterruptedException or PublishException or IOException or OperationCanceledException
            or ObjectDisposedException or TimeoutException;

    private async Task<IChannel> ChannelAsync(CancellationToken cancellationToken)
    {
        var factory = new ConnectionFactory { Uri = new Uri(url), AutomaticRecoveryEnabled = false };
        connection ??= await factory.CreateConnectionAsync(cancellationToken);
        return channel ??= await connection.CreateChannelAsync(
            new CreateChannelOptions(publisherConfirmationsEnabled: true, publisherConfirmationTrackingEnabled: true), cancellationToken);
    }

    private async Task DropAsync()
    {
        var (oldChannel, oldConnection) = (channel, connection);
        (channel, connection) = (null, null);
        try
        {
            await (oldChannel?.DisposeAsync() ?? ValueTask.CompletedTask);
            await (oldConnection?.DisposeAsync() ?? ValueTask.CompletedTask);
        }
        catch (Exception exception) when (IsBroken(exception))
        {
            // There is nobody on the other side to say goodbye to.
        }
    }
}
