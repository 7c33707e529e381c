using System.Collections.Immutable;
using Metering.Contracts.Messages;
using NodaTime;

namespace Metering.Ingest.Corrections;

/// <summary>Which meters and subjects corrections touch, and from when to when.</summary>
internal sealed class TouchedSpans
{
    private readonly Dictionary<(string MeterSlug, string Subject), (Instant Earliest, Instant Latest)> spans = [];

    public bool Any => spans.Count > 0;

    public void Add(string meterSlug, string subject, Instant time)
    {
        var key = (meterSlug, subject);
        spans[key] = spans.TryGetValue(key, out var span)
            ? (Instant.Min(span.Earliest, time), Instant.Max(span.Latest, time))
            : (time, time);
    }

    public ImmutableArray<TouchedUsage> ToTouchedUsage() =>
        [.. spans.Select(span => new TouchedUsage(span.Key.MeterSlug, span.Key.Subject, span.Value.Earliest, span.Value.Latest))];
}
