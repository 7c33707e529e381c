using System.Collections.Immutable;
using System.Text.Json;
using Metering.Ingest.Events;
using Metering.Ingest.Meters;
using NodaTime;

namespace Metering.Ingest.Rollups;

/// <summary>Adds up what events count for, by hour, in memory: a batch becomes one row per cell it touches.</summary>
internal sealed class UsageCells
{
    private readonly Dictionary<(int Meter, string Subject, long Hour, Guid Cell), UsageCell> cells = [];
    private readonly Dictionary<string, (string Dimensions, Guid Cell)> dimensions = new(StringComparer.Ordinal);

    /// <summary>Cells that hold as much as a decimal sums exactly; they go in as rows of their own.</summary>
    private readonly List<UsageCell> full = [];

    public int Count => cells.Count + full.Count;

    public IEnumerable<UsageCell> All => full.Concat(cells.Values);

    public void Add(CompiledMeter meter, MeterReading.Counted reading, string subject, Instant time, Guid eventKey)
    {
        var (json, cellKey) = Cell(meter, reading, eventKey);
        var hour = HourOf(time);
        var key = (meter.Meter.Number, subject, hour.ToUnixTimeSeconds(), cellKey);
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

        cell.Parts.Add(reading.Value, time, eventKey);
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

        var json = DimensionsOf(meter, reading.Dimensions);
        if (!dimensions.TryGetValue(json, out var known))
        {
            known = (json, Digest.Of(json));
            dimensions.Add(json, known);
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
}
