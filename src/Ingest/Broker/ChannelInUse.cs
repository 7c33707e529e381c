using RabbitMQ.Client;

namespace Metering.Ingest.Broker;

/// <summary>The channel that is open now; who asks while there is none waits for it.</summary>
internal sealed class ChannelInUse
{
    private TaskCompletionSource<IChannel> current = New();

    public void Set(IChannel channel)
    {
        var opened = New();
        opened.SetResult(channel);
        var before = Interlocked.Exchange(ref current, opened);
        before.TrySetResult(channel);
    }

    /// <summary>From here on there is none.</summary>
    public void Clear() => Interlocked.Exchange(ref current, New());

    public Task<IChannel> GetAsync(CancellationToken cancellationToken) => Volatile.Read(ref current).Task.WaitAsync(cancellationToken);

    private static TaskCompletionSource<IChannel> New() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
