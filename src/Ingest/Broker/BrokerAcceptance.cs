using System.Collections.Concurrent;
using MassTransit;
using Metering.Contracts.Messages;
using Metering.Ingest.Events;
using Metering.Ingest.Recording;
using Metering.Platform.Clock;
using Metering.Platform.Identifiers;
using Metering.Platform.Messaging;
using NodaTime;

namespace Metering.Ingest.Broker;

/// <summary>
/// With a broker: one persistent message per request, on a quorum queue, and the answer comes after the broker's confirm.
/// Remembers what this process has published and not yet seen recorded, for the test clock to wait for.
/// </summary>
internal sealed class BrokerAcceptance(IBus bus) : IEventAcceptance, IDrain
{
    private static readonly TimeSpan DrainLimit = TimeSpan.FromSeconds(60);
    private readonly ConcurrentDictionary<Guid, TaskCompletionSource> underway = [];

    public async Task<Acceptance> AcceptAsync(
        IReadOnlyList<UsageEvent> events, ReadOnlyMemory<byte> body, Instant receivedAt, CancellationToken cancellationToken)
    {
        var batchId = PublicId.New(receivedAt);
        underway.TryAdd(batchId, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        try
        {
            await bus.SendAsync(
                UsageEventsConsumer.QueueName, batchId, new UsageEventsAccepted(batchId, body.ToArray(), receivedAt), cancellationToken);
            return new Acceptance.Queued();
        }
        catch
        {
            // The sender is not told that it was accepted, so nobody has to wait for it.
            Recorded(batchId);
            throw;
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
