using System.Collections.Immutable;
using Metering.Ingest.Rollups;
using NodaTime;

namespace Metering.Ingest.Usage;

/// <summary>
/// Which part of a query whole hours can answer, and which part the events must.
/// <code>
/// asked             |--------------------------------------)
/// hours       |-----|-----|-----|-----|-----|-----|-----|-----|
/// a window begins                    ^            an hour folded past the watermark
/// rollups              [-----------)       [-----)     .
/// events          [----)           [-------)     [-----|----)
/// </code>
/// </summary>
/// <param name="RollupFrom">Inclusive, a whole hour.</param>
/// <param name="RollupTo">Exclusive, a whole hour; not after <paramref name="RollupFrom"/> when rollups answer nothing.</param>
/// <param name="ExcludedHours">Whole hours within that the events answer instead.</param>
/// <param name="EventSpans">Half-open, in order, without overlap.</param>
internal sealed record UsageSplit(
    Instant RollupFrom, Instant RollupTo, ImmutableArray<Instant> ExcludedHours, ImmutableArray<(Instant From, Instant To)> EventSpans)
{
    /// <param name="boundaries">Where windows begin and the last one ends; empty when there are none.</param>
    /// <param name="foldedPast">Hours whose rollup holds more than the watermark may see.</param>
    public static UsageSplit Of(Instant from, Instant to, ImmutableArray<Instant> boundaries, IEnumerable<Instant> foldedPast)
    {
        var first = CeilingHour(from);
        var end = UsageCells.HourOf(to);
        if (first >= end)
        {
            return new UsageSplit(first, first, [], from < to ? [(from, to)] : []);
        }

        var excluded = new SortedSet<Instant>(boundaries.Where(IsRagged).Select(UsageCells.HourOf));
        excluded.UnionWith(foldedPast);
        excluded.RemoveWhere(hour => hour < first || hour >= end);

        var spans = new List<(Instant From, Instant To)> { (from, first) };
        spans.AddRange(excluded.Select(hour => (hour, hour + Duration.FromHours(1))));
        spans.Add((end, to));
        return new UsageSplit(first, end, [.. excluded], Merge(spans));
    }

    /// <summary>No rollup is fine enough for minutes.</summary>
    public static UsageSplit EventsOnly(Instant from, Instant to) => new(from, from, [], from < to ? [(from, to)] : []);

    private static bool IsRagged(Instant instant) => UsageCells.HourOf(instant) != instant;

    private static Instant CeilingHour(Instant instant) =>
        IsRagged(instant) ? UsageCells.HourOf(instant) + Duration.FromHours(1) : instant;

    private static ImmutableArray<(Instant From, Instant To)> Merge(List<(Instant From, Instant To)> spans)
    {
        var merged = ImmutableArray.CreateBuilder<(Instant From, Instant To)>();
        foreach (var span in spans.Where(span => span.From < span.To))
        {
            if (merged.Count > 0 && merged[^1].To == span.From)
            {
                merged[^1] = (merged[^1].From, span.To);
            }
            else
            {
                merged.Add(span);
            }
        }

        return merged.ToImmutable();
    }
}
