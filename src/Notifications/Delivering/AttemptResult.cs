using NodaTime;

namespace Metering.Notifications.Delivering;

/// <summary>What came of one attempt.</summary>
/// <param name="StatusCode">Null: nobody answered.</param>
/// <param name="Body">The beginning of the answer, or why there was none.</param>
/// <param name="RetryAfter">What the receiver asked for.</param>
internal sealed record AttemptResult(int? StatusCode, string Body, TimeSpan Elapsed, Duration? RetryAfter)
{
    private const int Gone = 410;

    public static AttemptResult NotSent(string reason) => new(null, reason, TimeSpan.Zero, null);

    public bool IsDelivered => StatusCode is >= 200 and <= 299;

    /// <summary>The receiver wants no more, ever.</summary>
    public bool IsGone => StatusCode == Gone;

    public string Reason => IsDelivered ? "" : StatusCode is { } status ? $"the receiver answered {status}" : Body;
}
