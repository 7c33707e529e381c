using Metering.Ingest.Events;

namespace Metering.Ingest.Recording;

/// <summary>The events of one request while they wait to be recorded.</summary>
internal sealed class Submission(IReadOnlyList<UsageEvent> events)
{
    private readonly TaskCompletionSource<EventResult[]> completion = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public IReadOnlyList<UsageEvent> Events => events;

    /// <summary>Ends when the events are committed, with one result each.</summary>
    public Task<EventResult[]> Recorded => completion.Task;

    public void Complete(EventResult[] results) => completion.SetResult(results);

    public void Fail(Exception exception) => completion.SetException(exception);
}
