using System.Collections.Immutable;
using System.Runtime.InteropServices;
using System.Text.Json;
using Metering.Contracts.Messages;
using Metering.Ingest.Events;
using Metering.Ingest.Meters;
using Metering.Ingest.Usage;
using NodaTime;

namespace Metering.Ingest.Rollups;

/// <summary>Adds up what events count for, by hour, in memory: a batch becomes one row per cell it touches.</summary>
internal sealed class UsageCells
{
    private readonly Dictionary<CellKey, UsageCell> cells = [];

    /// <summary>Combinations of values are few and come again and again: what they are called is worked out once.</summary>
    private readonly Dictionary<(int Meter, DimensionValues Values), (string Dimensions, Guid Cell)> combinations = [];

    /// <summary>Cells that hold as much as a decimal sums exactly; they go in as rows of their own.</summary>
    private readonly List<UsageCell> full = [];

    public int Count => cells.Count + full.Count;

    public IEnumerable<UsageCell> All => full.Concat(cells.Values);

    public void Add(CompiledMeter meter, MeterReading.Counted reading, string subject, Instant time, Guid eventKey)
    {
        var (json, cellKey) = Cell(meter, reading, eventKey);
        var hour = HourOf(time);
        var key = new CellKey(meter.Meter.Number, subject, hour, cellKey);
        if (cells.TryGetValue(key, out var cell) && Math.Abs(cell.Parts.Sum + reading.Value) > CompiledMeter.MaxValue)
        {
            full.Add(cell);
            cells.Remove(key);
            cell = null;
        }

        if (cell is null)
        {
            cell = new UsageCell(meter, subject, hour, cellKey, json, reading.DistinctKey);
            cells.Add(key, cell);
        }

        cell.Add(reading.Value, time, eventKey);
    }

    /// <summary>Which usage these cells change, by meter and subject.</summary>
    public ImmutableArray<TouchedUsage> Touched()
    {
        var spans = new TouchedSpans();
        foreach (var cell in All)
        {
            spans.Add(cell.Meter.Meter.Slug, cell.Subject, cell.Earliest, cell.Parts.LatestAt);
        }

        return spans.ToTouchedUsage();
    }

    /// <summary>The whole hour in which an instant lies.</summary>
    public static Instant HourOf(Instant time)
    {
        var seconds = time.ToUnixTimeSeconds();
        var intoHour = ((seconds % 3600) + 3600) % 3600;
        return Instant.FromUnixTimeSeconds(seconds - intoHour);
    }

    /// <summary>
    /// A unique count has a cell for each value, so that it is counted once. A level has one for each event: what a level comes to depends on
    /// the order of all its values, whichever batches they came with.
    /// </summary>
    private (string Dimensions, Guid Cell) Cell(CompiledMeter meter, MeterReading.Counted reading, Guid eventKey)
    {
        var own = meter.Meter.Aggregation == Aggregation.WeightedSum ? eventKey : reading.DistinctKey;
        if (reading.Dimensions.Length == 0)
        {
            return ("{}", own ?? Guid.Empty);
        }

        var combination = (meter.Meter.Number, new DimensionValues(ImmutableCollectionsMarshal.AsArray(reading.Dimensions)!));
        if (!combinations.TryGetValue(combination, out var known))
        {
            var json = DimensionsOf(meter, reading.Dimensions);
            known = (json, Digest.Of(json));
            combinations.Add(combination, known);
        }

        return own is { } part ? (known.Dimensions, Digest.Of($"{known.Cell:N}{part:N}")) : known;
    }

    private static string DimensionsOf(CompiledMeter meter, ImmutableArray<string?> values)
    {
        var byName = new SortedDictionary<string, string?>(StringComparer.Ordinal);
        for (var i = 0; i < values.Length; i++)
        {
            byName.Add(meter.DimensionNames[i], values[i]);
        }

        return JsonSerializer.Serialize(byName);
    }

    /// <summary>Compared for every event and every meter of it, so the cheapest part comes first.</summary>
    private readonly struct CellKey(int meter, string subject, Instant hour, Guid cell) : IEquatable<CellKey>
    {
        private readonly int meter = meter;
        private readonly string subject = subject;
        private readonly Instant hour = hour;
        private readonly Guid cell = cell;

        public bool Equals(CellKey other) =>
            meter == other.meter && hour == other.hour && cell == other.cell && string.Equals(subject, other.subject, StringComparison.Ordinal);

        public override bool Equals(object? obj) => obj is CellKey other && Equals(other);

        public override int GetHashCode() => HashCode.Combine(meter, hour, cell, string.GetHashCode(subject, StringComparison.Ordinal));
    }
}
