using System.Collections.Concurrent;
using MassTransit;
using Metering.Contracts.Messages;
using Metering.Ingest.Events;
using Metering.Ingest.Recording;
using Metering.Platform.Clock;
using Metering.Platform.Identifiers;
using Metering.Platform.Messaging;
using Microsoft.Extensions.Logging;
using NodaTime;

namespace Metering.Ingest.Broker;

/// <summary>
/// With a broker: one persistent message per request, on a quorum queue, and the answer comes after the broker's confirm.
/// Remembers what this process has published and not yet seen recorded, for the test clock to wait for.
/// </summary>
internal sealed class BrokerAcceptance(IBus bus, ILogger<BrokerAcceptance> logger) : IEventAcceptance, IDrain
{
    /// <summary>While the broker is away a send waits for it without end; the gateway is told before it gives up itself.</summary>
    private static readonly TimeSpan ConfirmLimit = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan DrainLimit = TimeSpan.FromSeconds(60);
    private readonly ConcurrentDictionary<Guid, TaskCompletionSource> underway = [];

    public async Task<Acceptance> AcceptAsync(
        IReadOnlyList<UsageEvent> events, ReadOnlyMemory<byte> body, Instant receivedAt, CancellationToken cancellationToken)
    {
        var batchId = PublicId.New(receivedAt);
        underway.TryAdd(batchId, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(ConfirmLimit);
        try
        {
            await bus.SendAsync(UsageEventsConsumer.QueueName, batchId, new UsageEventsAccepted(batchId, body.ToArray(), receivedAt), limit.Token);
            return new Acceptance.Queued();
        }
        catch (Exception exception)
        {
            // The sender is not told that it was accepted, so nobody has to wait for it.
            Recorded(batchId);
            cancellationToken.ThrowIfCancellationRequested();
            logger.BrokerDidNotConfirm(exception, batchId);
            return new Acceptance.NotConfirmed();
        }
    }

    public void Recorded(Guid batchId)
    {
        if (underway.TryRemove(batchId, out var waiting))
        {
            waiting.SetResult();
        }
    }

    public Task DrainAsync(CancellationToken cancellationToken) =>
        Task.WhenAll(underway.Values.Select(waiting => waiting.Task)).WaitAsync(DrainLimit, cancellationToken);
}
