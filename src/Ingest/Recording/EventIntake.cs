using Metering.Ingest.Events;
using Metering.Platform.Clock;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Metering.Ingest.Recording;

/// <summary>
/// Where concurrent requests become shared batches: while one batch commits, what arrives meanwhile waits and is the next one. A second batch
/// goes beside the first only when it is full, because many small transactions cost more than few large ones. For somebody who waits nothing
/// is held back; messages of the broker are collected for a moment.
/// </summary>
internal sealed class EventIntake(EventRecorder recorder, ILogger<EventIntake> logger) : IHostedService, IDrain
{
    public const int MaxWaitingEvents = 100_000;

    /// <summary>Whatever waits goes together, up to here: the more events share a batch, the fewer deltas are left to fold.</summary>
    public const int MaxBatchEvents = 20_000;

    /// <summary>From here on a batch costs hardly less by the event.</summary>
    private const int FullBatchEvents = 5_000;
    private const int Writers = 2;

    /// <summary>So many submissions are as good as a full batch: who has sent them may have no more to send before they are done.</summary>
    private const int MaxPatientSubmissions = 32;

    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(100);

    private readonly Lock gate = new();
    private readonly Queue<Submission> waiting = new();
    private readonly HashSet<Submission> unrecorded = [];
    private TaskCompletionSource roomMade = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource idle = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int waitingEvents;
    private int unrecordedEvents;
    private int waitingUrgent;
    private int underway;
    private bool isOpen;
    private bool isStopping;
    private bool willWake;

    /// <returns>Null when too much is waiting already: the sender has to slow down.</returns>
    public Task<EventResult[]>? TrySubmit(IReadOnlyList<UsageEvent> events)
    {
        var submission = new Submission(events, isUrgent: true);
        return TryEnter(submission) is null ? submission.Recorded : null;
    }

    /// <summary>For a caller that holds back its source by waiting: waits for room, and for others to share a batch with.</summary>
    public async Task<EventResult[]> SubmitAsync(IReadOnlyList<UsageEvent> events, CancellationToken cancellationToken)
    {
        var submission = new Submission(events, isUrgent: false);
        while (TryEnter(submission) is { } room)
        {
            await room.WaitAsync(cancellationToken);
        }

        return await submission.Recorded;
    }

    public async Task DrainAsync(CancellationToken cancellationToken)
    {
        Submission[] entered;
        lock (gate)
        {
            entered = [.. unrecorded];
        }

        foreach (var submission in entered)
        {
            // Its sender is told of a failure; to the drain it is over either way.
            await Task.WhenAny(submission.Recorded).WaitAsync(cancellationToken);
        }
    }

    public Task StartAsync(CancellationToken cancellationToken)
    {
        lock (gate)
        {
            isOpen = true;
        }

        RecordWaiting();
        return Task.CompletedTask;
    }

    /// <summary>What was submitted before the stop is still recorded.</summary>
    public Task StopAsync(CancellationToken cancellationToken)
    {
        lock (gate)
        {
            isStopping = true;
            if (unrecorded.Count == 0)
            {
                idle.TrySetResult();
            }
        }

        RecordWaiting();
        return idle.Task.WaitAsync(cancellationToken);
    }

    /// <returns>Null when it is in; otherwise what ends when there is more room, or fails when there will be none. One alone always fits.</returns>
    private Task? TryEnter(Submission submission)
    {
        lock (gate)
        {
            if (isStopping)
            {
                return Task.FromException(new ObjectDisposedException(nameof(EventIntake)));
            }

            if (unrecordedEvents > 0 && unrecordedEvents + submission.Events.Count > MaxWaitingEvents)
            {
                return roomMade.Task;
            }

            unrecorded.Add(submission);
            unrecordedEvents += submission.Events.Count;
            waiting.Enqueue(submission);
            waitingEvents += submission.Events.Count;
            waitingUrgent += submission.IsUrgent ? 1 : 0;
        }

        RecordWaiting();
        return null;
    }

    private void RecordWaiting()
    {
        while (TakeNext() is { } batch)
        {
            // The batch is nobody's in particular: neither the trace nor the transaction of the request that happened to come last.
            using (ExecutionContext.SuppressFlow())
            {
                _ = Task.Run(() => RecordAsync(batch));
            }
        }
    }

    private List<Submission>? TakeNext()
    {
        lock (gate)
        {
            var isFull = waitingEvents >= FullBatchEvents;
            if (!isOpen || waiting.Count == 0 || underway == Writers || (underway > 0 && !isFull) || (!isFull && IsWorthWaiting()))
            {
                return null;
            }

            var batch = new List<Submission>();
            for (var events = 0; events < MaxBatchEvents && waiting.TryDequeue(out var submission);)
            {
                batch.Add(submission);
                events += submission.Events.Count;
                waitingEvents -= submission.Events.Count;
                waitingUrgent -= submission.IsUrgent ? 1 : 0;
            }

            underway++;
            return batch;
        }
    }

    private bool IsWorthWaiting()
    {
        if (isStopping || waitingUrgent > 0 || waiting.Count >= MaxPatientSubmissions || Patience - waiting.Peek().Age is not { Ticks: > 0 } left)
        {
            return false;
        }

        if (!willWake)
        {
            willWake = true;
            _ = WakeAsync(left);
        }

        return true;
    }

    private async Task WakeAsync(TimeSpan left)
    {
        await Task.Delay(left, CancellationToken.None);
        lock (gate)
        {
            willWake = false;
        }

        RecordWaiting();
    }

    private async Task RecordAsync(List<Submission> batch)
    {
        try
        {
            IReadOnlyList<UsageEvent> events = batch.Count == 1 ? batch[0].Events : [.. batch.SelectMany(item => item.Events)];
            var results = await recorder.RecordAsync(events, CancellationToken.None);
            var from = 0;
            foreach (var submission in batch)
            {
                submission.Complete(results[from..(from + submission.Events.Count)]);
                from += submission.Events.Count;
            }
        }
        catch (Exception exception)
        {
            logger.BatchNotRecorded(exception, batch.Sum(submission => submission.Events.Count));
            batch.ForEach(submission => submission.Fail(exception));
        }
        finally
        {
            Leave(batch);
        }
    }

    private void Leave(List<Submission> batch)
    {
        TaskCompletionSource made;
        lock (gate)
        {
            underway--;
            foreach (var submission in batch)
            {
                unrecorded.Remove(submission);
                unrecordedEvents -= submission.Events.Count;
            }

            (made, roomMade) = (roomMade, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
            if (isStopping && unrecorded.Count == 0)
            {
                idle.TrySetResult();
            }
        }

        made.SetResult();
        RecordWaiting();
    }
}
