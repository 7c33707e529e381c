using System.Diagnostics;
using Metering.Ingest.Events;
using NodaTime;

namespace Metering.Ingest.Broker;

/// <summary>The checked events of one request while they wait to be confirmed.</summary>
/// <param name="Body">JSON: an event, or an array that is not empty.</param>
/// <param name="Deadline">When its sender is told that there was no confirm, as <see cref="Stopwatch"/> counts.</param>
internal sealed record PendingBody(ReadOnlyMemory<byte> Body, int Events, Instant ReceivedAt, long Deadline)
{
    private static readonly byte[] Whitespace = [.. " \t\r\n"u8];
    private readonly TaskCompletionSource<bool> completion = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Of the request.</summary>
    public Activity? Activity { get; } = Activity.Current;

    public bool IsSingle => Body.Span.TrimStart(Whitespace)[0] == (byte)'{';

    /// <summary>The events with nothing around them but commas between them.</summary>
    public ReadOnlySpan<byte> Elements
    {
        get
        {
            var trimmed = Body.Span.Trim(Whitespace);
            return trimmed[0] == (byte)'[' ? trimmed[1..^1] : trimmed;
        }
    }

    /// <summary>True when the broker has confirmed.</summary>
    public Task<bool> Confirmed => completion.Task;

    public void Complete(bool confirmed) => completion.TrySetResult(confirmed);
}
