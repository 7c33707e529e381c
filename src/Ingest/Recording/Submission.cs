using System.Diagnostics;
using Metering.Ingest.Events;

namespace Metering.Ingest.Recording;

/// <summary>The events of one request or message while they wait to be recorded.</summary>
/// <param name="isUrgent">Somebody waits for the answer.</param>
internal sealed class Submission(IReadOnlyList<UsageEvent> events, bool isUrgent)
{
    private readonly TaskCompletionSource<EventResult[]> completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly long submitted = Stopwatch.GetTimestamp();

    public IReadOnlyList<UsageEvent> Events => events;

    public bool IsUrgent => isUrgent;

    public TimeSpan Age => Stopwatch.GetElapsedTime(submitted);

    /// <summary>Ends when the events are committed, with one result each.</summary>
    public Task<EventResult[]> Recorded => completion.Task;

    public void Complete(EventResult[] results) => completion.SetResult(results);

    public void Fail(Exception exception) => completion.SetException(exception);
}
