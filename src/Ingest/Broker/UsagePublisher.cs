using System.Diagnostics;
using Metering.Ingest.Events;
using Metering.Platform.Identifiers;
using Metering.Platform.Messaging;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using RabbitMQ.Client;

namespace Metering.Ingest.Broker;

/// <summary>
/// Publishes bodies and waits for the broker's confirms. Requests that come while a message is on its way share the next one: nothing waits
/// for a timer, so a lone event goes out at once and a flood of them in few messages.
/// </summary>
internal sealed class UsagePublisher(BrokerLink link, UsageWire wire, UsageUnderway underway, ILogger<UsagePublisher> logger)
    : BackgroundService, IBrokerLink
{
    /// <summary>A message is full from here on: then the next may go before this one is confirmed.</summary>
    public const int FullMessageBytes = 128 << 10;

    private const int MaxMessageEvents = 5_000;
    private const int MaxMessagesUnderway = 16;
    private const int MaxOutstandingBytes = 64 << 20;
    private const int MaxOutstandingBodies = 20_000;
    private static readonly TimeSpan RetryDelay = TimeSpan.FromMilliseconds(100);

    private readonly Lock gate = new();
    private readonly Queue<PendingBody> waiting = new();
    private readonly ChannelInUse channelInUse = new();
    private long waitingBytes;
    private long outstandingBytes;
    private int outstandingBodies;
    private int messagesUnderway;

    public bool IsConnected => link.IsConnected;

    /// <returns>False when too much is on its way already.</returns>
    public bool TryPublish(PendingBody body)
    {
        lock (gate)
        {
            if (outstandingBytes + body.Body.Length > MaxOutstandingBytes || outstandingBodies == MaxOutstandingBodies)
            {
                return false;
            }

            outstandingBytes += body.Body.Length;
            outstandingBodies++;
            waitingBytes += body.Body.Length;
            waiting.Enqueue(body);
        }

        PublishWaiting();
        return true;
    }

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => link.RunAsync(
        async (channel, lost) =>
        {
            channelInUse.Set(channel);
            try
            {
                await Task.Delay(Timeout.Infinite, lost);
            }
            finally
            {
                channelInUse.Clear();
            }
        },
        stoppingToken);

    private void PublishWaiting()
    {
        while (TakeNext() is { } bodies)
        {
            // The message belongs to the trace of its first request and to nobody's transaction.
            using (ExecutionContext.SuppressFlow())
            {
                _ = Task.Run(() => PublishAsync(bodies));
            }
        }
    }

    private List<PendingBody>? TakeNext()
    {
        lock (gate)
        {
            if (waiting.Count == 0 || (messagesUnderway > 0 && (waitingBytes < FullMessageBytes || messagesUnderway == MaxMessagesUnderway)))
            {
                return null;
            }

            var bodies = new List<PendingBody>();
            var (bytes, events) = (0, 0);
            while (waiting.TryPeek(out var next)
                && (bodies.Count == 0 || (bytes + next.Body.Length <= FullMessageBytes && events + next.Events <= MaxMessageEvents)))
            {
                bodies.Add(waiting.Dequeue());
                bytes += next.Body.Length;
                events += next.Events;
            }

            waitingBytes -= bytes;
            messagesUnderway++;
            return bodies;
        }
    }

    private async Task PublishAsync(List<PendingBody> bodies)
    {
        var confirmed = false;
        try
        {
            Activity.Current = bodies[0].Activity;
            using var message = new SharedMessage(bodies);
            underway.Begin(message.Id);
            confirmed = await TryPublishAsync(message, bodies);
            if (!confirmed)
            {
                // The senders are not told that it was accepted, so nobody has to wait for it.
                underway.End(message.Id);
            }
        }
        finally
        {
            lock (gate)
            {
                messagesUnderway--;
                outstandingBodies -= bodies.Count;
                outstandingBytes -= bodies.Sum(body => (long)body.Body.Length);
            }

            bodies.ForEach(body => body.Complete(confirmed));
            PublishWaiting();
        }
    }

    /// <summary>Until the first of the senders has to be told. A message that was sent twice counts once.</summary>
    private async Task<bool> TryPublishAsync(SharedMessage message, List<PendingBody> bodies)
    {
        var left = Stopwatch.GetElapsedTime(Stopwatch.GetTimestamp(), bodies.Min(body => body.Deadline));
        using var limit = new CancellationTokenSource(left > TimeSpan.Zero ? left : TimeSpan.Zero);
        Exception? last = null;
        while (!limit.IsCancellationRequested)
        {
            try
            {
                var channel = await channelInUse.GetAsync(limit.Token);
                await channel.BasicPublishAsync(
                    wire.Exchange, UsageWire.RoutingKey, mandatory: true, message.Properties(), message.Body, limit.Token);
                return true;
            }
            catch (Exception exception) when (!limit.IsCancellationRequested)
            {
                last = exception;
                await Task.Delay(RetryDelay, limit.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
            catch (OperationCanceledException)
            {
                break;
            }
        }

        logger.BrokerDidNotConfirm(last, PublicId.Format(message.Id), bodies.Count);
        return false;
    }
}
