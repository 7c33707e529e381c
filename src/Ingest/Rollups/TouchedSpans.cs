using System.Collections.Immutable;
using System.Runtime.InteropServices;
using Metering.Contracts.Messages;
using NodaTime;

namespace Metering.Ingest.Rollups;

/// <summary>Which meters and subjects are touched, and from when to when.</summary>
internal sealed class TouchedSpans
{
    private readonly Dictionary<(string MeterSlug, string Subject), (Instant Earliest, Instant Latest)> spans = [];

    public bool Any => spans.Count > 0;

    public void Add(string meterSlug, string subject, Instant time) => Add(meterSlug, subject, time, time);

    public void Add(string meterSlug, string subject, Instant earliest, Instant latest)
    {
        ref var span = ref CollectionsMarshal.GetValueRefOrAddDefault(spans, (meterSlug, subject), out var known);
        span = known ? (Instant.Min(span.Earliest, earliest), Instant.Max(span.Latest, latest)) : (earliest, latest);
    }

    public ImmutableArray<TouchedUsage> ToTouchedUsage() =>
        [.. spans.Select(span => new TouchedUsage(span.Key.MeterSlug, span.Key.Subject, span.Value.Earliest, span.Value.Latest))];
}
