using Metering.Platform.Problems;

namespace Metering.Platform.Security;

/// <summary>How many usage events a key may send. Each process of the Host counts for itself.</summary>
/// <param name="EventsPerMinute">What is let through on average.</param>
/// <param name="Burst">What may come at once after a pause; as many as in a minute when absent.</param>
public sealed record IngestQuota(long EventsPerMinute, long? Burst = null)
{
    public const long MaxEvents = 100_000_000;

    /// <param name="pointer">Where the quota stands in the request.</param>
    /// <returns>Null when it is well.</returns>
    internal static FieldError? ErrorOf(IngestQuota quota, string pointer) =>
        quota.EventsPerMinute is < 1 or > MaxEvents
            ? new FieldError($"{pointer}/eventsPerMinute", "out_of_range", $"A quota is 1 to {MaxEvents} events per minute.")
            : quota.Burst is < 1 or > MaxEvents
                ? new FieldError($"{pointer}/burst", "out_of_range", $"A burst is 1 to {MaxEvents} events.")
                : null;

    /// <summary>With every part said.</summary>
    internal IngestQuota Complete() => this with { Burst = Burst ?? EventsPerMinute };

    internal static IngestQuota? Of(long? eventsPerMinute, long? burst) =>
        eventsPerMinute is { } perMinute ? new IngestQuota(perMinute, burst) : null;
}
