using MassTransit;
using Metering.Contracts.Messages;
using Metering.Ingest.Events;
using Metering.Ingest.Recording;
using Metering.Platform.Messaging;
using Microsoft.Extensions.Logging;

namespace Metering.Ingest.Broker;

/// <summary>
/// Takes accepted bodies from the queue and acknowledges them after their events are committed. Many at a time: the intake makes
/// shared batches of what they hold. Anybody may publish to the queue, so what is malformed is put aside here as well.
/// </summary>
internal sealed class UsageEventsConsumer(
    EventIntake intake, EventRecorder recorder, EventValidation validation, BrokerAcceptance acceptance, ILogger<UsageEventsConsumer> logger)
    : IConsumer<UsageEventsAccepted>
{
    public const string QueueName = "metering-usage-events";

    private static readonly TimeSpan FirstRetry = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan LongestRetry = TimeSpan.FromSeconds(15);

    /// <summary>A database that is away comes back: the message stays with the broker, unacknowledged, for as long as that takes.</summary>
    public static BrokerQueue Queue { get; } = new(QueueName, typeof(UsageEventsConsumer), (context, endpoint) =>
    {
        endpoint.UseMessageRetry(retry => retry.Exponential(int.MaxValue, FirstRetry, LongestRetry, FirstRetry));
        endpoint.ConfigureConsumer<UsageEventsConsumer>(context);
    });

    public async Task Consume(ConsumeContext<UsageEventsAccepted> context)
    {
        var message = context.Message;
        var read = CloudEventReader.Read(message.Body, EventBatchForm.Either, message.ReceivedAt);
        var malformed = MalformedIn(read, message);
        if (malformed.Count > 0)
        {
            await recorder.RejectAsync(malformed, context.CancellationToken);
            logger.MalformedEventsRejected(malformed.Count, message.BatchId);
        }

        UsageEvent[] wellFormed = [.. read.Events.Where(item => item.Event is not null).Select(item => item.Event!)];
        var (events, refused) = await validation.SplitAsync(wellFormed, context.CancellationToken);
        if (refused.Length > 0)
        {
            await recorder.RejectAsync(refused, context.CancellationToken);
        }

        if (events.Length > 0)
        {
            await intake.SubmitAsync(events, context.CancellationToken);
        }

        acceptance.Recorded(message.BatchId);
    }

    private static List<MalformedEvent> MalformedIn(ReadEvents read, UsageEventsAccepted message)
    {
        var malformed = read.Events.Where(item => item.Malformed is not null).Select(item => item.Malformed!).ToList();
        if (read.Refusal is { } refusal)
        {
            // The events before the broken place are read; the whole body is kept for a person to look at.
            malformed.Add(new MalformedEvent(System.Text.Encoding.UTF8.GetString(message.Body), null, null, [refusal]));
        }

        return malformed;
    }
}
