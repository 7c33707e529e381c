using Metering.Ingest.Events;
using Metering.Ingest.Recording;
using Metering.Platform.Identifiers;
using Metering.Platform.Messaging;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using NodaTime;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;
using RabbitMQ.Client.Exceptions;

namespace Metering.Ingest.Broker;

/// <summary>
/// Takes messages from the queue and acknowledges each after its events are committed. Many at a time: the intake makes shared batches of
/// what they hold. A message that can not be an event is put aside with its reason and acknowledged; while the database is away, messages
/// stay with the broker.
/// </summary>
internal sealed class UsageConsumer(
    BrokerLink link, UsageWire wire, EventIntake intake, EventRecorder recorder, EventValidation validation, UsageUnderway underway, IClock clock,
    ILogger<UsageConsumer> logger)
    : BackgroundService, IBrokerLink
{
    /// <summary>So many messages are held unacknowledged, and worked on at once: their memory is theirs until the commit.</summary>
    public const ushort MaxMessages = 64;

    private static readonly TimeSpan FirstRetry = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan LongestRetry = TimeSpan.FromSeconds(15);

    public bool IsConnected => link.IsConnected;

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => link.RunAsync(ConsumeAsync, stoppingToken);

    private async Task ConsumeAsync(IChannel channel, CancellationToken lost)
    {
        await channel.BasicQosAsync(0, MaxMessages, global: false, lost);
        var consumer = new AsyncEventingBasicConsumer(channel);
        consumer.ReceivedAsync += (_, delivery) => HandleAsync(channel, delivery, lost);

        // The broker cancels a consumer whose queue is deleted: open another channel, which declares it again.
        var cancelled = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        consumer.UnregisteredAsync += (_, _) =>
        {
            cancelled.TrySetResult();
            return Task.CompletedTask;
        };
        await channel.BasicConsumeAsync(wire.Queue, autoAck: false, consumer, lost);
        await cancelled.Task.WaitAsync(lost);
    }

    private async Task HandleAsync(IChannel channel, BasicDeliverEventArgs delivery, CancellationToken lost)
    {
        try
        {
            await RecordUntilDoneAsync(delivery, lost);
            await channel.BasicAckAsync(delivery.DeliveryTag, multiple: false, lost);
        }
        catch (Exception exception) when (exception is OperationCanceledException or AlreadyClosedException || lost.IsCancellationRequested)
        {
            // Whatever was not acknowledged is delivered again, and what was recorded of it is then known.
            return;
        }

        if (delivery.BasicProperties.MessageId is { } id && PublicId.TryParse(id, out var messageId))
        {
            underway.End(messageId);
        }
    }

    private async Task RecordUntilDoneAsync(BasicDeliverEventArgs delivery, CancellationToken lost)
    {
        for (var delay = FirstRetry; ; delay = delay * 2 < LongestRetry ? delay * 2 : LongestRetry)
        {
            try
            {
                await RecordAsync(delivery, lost);
                return;
            }
            catch (Exception exception) when (!lost.IsCancellationRequested)
            {
                logger.MessageNotRecorded(exception, delivery.BasicProperties.MessageId, delay);
                await Task.Delay(delay, lost);
            }
        }
    }

    private async Task RecordAsync(BasicDeliverEventArgs delivery, CancellationToken cancellationToken)
    {
        var message = Read(delivery);
        if (message.Malformed.Count > 0)
        {
            await recorder.RejectAsync(message.Malformed, cancellationToken);
            logger.MalformedEventsRejected(message.Malformed.Count, delivery.BasicProperties.MessageId);
        }

        var (events, refused) = await validation.SplitAsync(message.Events, cancellationToken);
        if (refused.Count > 0)
        {
            await recorder.RejectAsync(refused, cancellationToken);
        }

        if (events.Count > 0)
        {
            await intake.SubmitAsync(events, cancellationToken);
        }
    }

    private UsageMessage Read(BasicDeliverEventArgs delivery)
    {
        try
        {
            return UsageMessage.Read(delivery.Body, delivery.BasicProperties, clock.GetCurrentInstant());
        }
        catch (Exception exception)
        {
            // Reading needs nothing but the message, so reading it again would fail again.
            logger.MessageNotReadable(exception, delivery.BasicProperties.MessageId);
            return UsageMessage.Unreadable(delivery.Body, exception);
        }
    }
}
