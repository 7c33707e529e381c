using System.Diagnostics;
using Metering.Ingest.Events;
using Metering.Ingest.Recording;
using NodaTime;

namespace Metering.Ingest.Broker;

/// <summary>With a broker: the events are checked here and read when they are recorded, and the answer comes after the broker's confirm.</summary>
internal sealed class BrokerAcceptance(UsagePublisher publisher) : IEventAcceptance
{
    /// <summary>While the broker is away a message waits for it; the gateway is told before it gives up itself.</summary>
    private static readonly TimeSpan ConfirmLimit = TimeSpan.FromSeconds(5);

    public ReadEvents Read(ReadOnlyMemory<byte> body, EventBatchForm form, Instant receivedAt) => CloudEventReader.Check(body, form);

    public async Task<Acceptance> AcceptAsync(ReadEvents read, ReadOnlyMemory<byte> body, Instant receivedAt)
    {
        var deadline = Stopwatch.GetTimestamp() + (long)(ConfirmLimit.TotalSeconds * Stopwatch.Frequency);
        var pending = new PendingBody(body, read.Count, receivedAt, deadline);
        return !publisher.TryPublish(pending) ? new Acceptance.Full()
            : await pending.Confirmed ? new Acceptance.Queued()
            : new Acceptance.NotConfirmed();
    }
}
