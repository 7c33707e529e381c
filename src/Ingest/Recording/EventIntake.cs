using System.Collections.Concurrent;
using System.Threading.Channels;
using Metering.Ingest.Events;
using Metering.Platform.Clock;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Metering.Ingest.Recording;

/// <summary>
/// Where concurrent requests become shared batches: while one batch commits, what arrives meanwhile waits and is the next one.
/// Nothing waits for a timer, so a single event is recorded at once and a flood in large transactions.
/// </summary>
internal sealed class EventIntake(EventRecorder recorder, ILogger<EventIntake> logger) : IHostedService, IDrain
{
    public const int MaxWaitingEvents = 100_000;
    private const int MaxWaitingSubmissions = 4_096;
    private const int MaxBatchEvents = 10_000;
    private const int Writers = 2;

    private readonly Channel<Submission> waiting = Channel.CreateBounded<Submission>(MaxWaitingSubmissions);
    private readonly ConcurrentDictionary<Submission, bool> unrecorded = [];
    private int waitingEvents;
    private Task recording = Task.CompletedTask;

    /// <returns>Null when too much is waiting already: the sender has to slow down.</returns>
    public Task<EventResult[]>? TrySubmit(IReadOnlyList<UsageEvent> events)
    {
        if (Volatile.Read(ref waitingEvents) + events.Count > MaxWaitingEvents)
        {
            return null;
        }

        var submission = Enter(events);
        if (waiting.Writer.TryWrite(submission))
        {
            return submission.Recorded;
        }

        Leave(submission);
        return null;
    }

    /// <summary>Waits for room, for a caller that holds back its source by waiting.</summary>
    public async Task<EventResult[]> SubmitAsync(IReadOnlyList<UsageEvent> events, CancellationToken cancellationToken)
    {
        var submission = Enter(events);
        try
        {
            await waiting.Writer.WriteAsync(submission, cancellationToken);
        }
        catch
        {
            Leave(submission);
            throw;
        }

        return await submission.Recorded;
    }

    public async Task DrainAsync(CancellationToken cancellationToken)
    {
        foreach (var submission in unrecorded.Keys)
        {
            // Its sender is told of a failure; to the drain it is over either way.
            await Task.WhenAny(submission.Recorded).WaitAsync(cancellationToken);
        }
    }

    public Task StartAsync(CancellationToken cancellationToken)
    {
        recording = Task.WhenAll(Enumerable.Range(0, Writers).Select(_ => Task.Run(RecordWaitingAsync, CancellationToken.None)));
        return Task.CompletedTask;
    }

    /// <summary>What was submitted before the stop is still recorded.</summary>
    public Task StopAsync(CancellationToken cancellationToken)
    {
        waiting.Writer.TryComplete();
        return recording.WaitAsync(cancellationToken);
    }

    private async Task RecordWaitingAsync()
    {
        var submissions = new List<Submission>();
        while (await waiting.Reader.WaitToReadAsync(CancellationToken.None))
        {
            submissions.Clear();
            var events = 0;
            while (events < MaxBatchEvents && waiting.Reader.TryRead(out var submission))
            {
                submissions.Add(submission);
                events += submission.Events.Count;
            }

            if (submissions.Count > 0)
            {
                await RecordAsync(submissions, events);
            }
        }
    }

    private async Task RecordAsync(List<Submission> submissions, int events)
    {
        try
        {
            IReadOnlyList<UsageEvent> batch = submissions.Count == 1 ? submissions[0].Events : [.. submissions.SelectMany(item => item.Events)];
            var results = await recorder.RecordAsync(batch, CancellationToken.None);
            var from = 0;
            foreach (var submission in submissions)
            {
                submission.Complete(results[from..(from + submission.Events.Count)]);
                from += submission.Events.Count;
            }
        }
        catch (Exception exception)
        {
            logger.BatchNotRecorded(exception, events);
            submissions.ForEach(submission => submission.Fail(exception));
        }
        finally
        {
            submissions.ForEach(Leave);
        }
    }

    private Submission Enter(IReadOnlyList<UsageEvent> events)
    {
        var submission = new Submission(events);
        unrecorded.TryAdd(submission, true);
        Interlocked.Add(ref waitingEvents, events.Count);
        return submission;
    }

    private void Leave(Submission submission)
    {
        unrecorded.TryRemove(submission, out _);
        Interlocked.Add(ref waitingEvents, -submission.Events.Count);
    }
}
