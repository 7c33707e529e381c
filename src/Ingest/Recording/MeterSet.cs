using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Text.Json;
using Metering.Ingest.Events;
using Metering.Ingest.Meters;
using Metering.Ingest.Rollups;
using Metering.Platform.Database;

namespace Metering.Ingest.Recording;

/// <summary>The meters as of one version, by the event type they count.</summary>
internal sealed class MeterSet
{
    private readonly FrozenDictionary<string, ImmutableArray<CompiledMeter>> byEventType;

    private MeterSet(long version, IEnumerable<Meter> meters)
    {
        Version = version;
        byEventType = meters.GroupBy(meter => meter.EventType, StringComparer.Ordinal)
            .ToFrozenDictionary(
                group => group.Key, group => group.Select(meter => new CompiledMeter(meter)).ToImmutableArray(), StringComparer.Ordinal);
    }

    public static MeterSet Empty { get; } = new(0, []);

    public long Version { get; }

    public static async Task<MeterSet> LoadAsync(long version, DbSession session, CancellationToken cancellationToken) =>
        new(version, await MeterCatalog.ListAsync(includeDeleted: false, session, cancellationToken));

    /// <summary>Adds the event to every meter of its type, or to none when one of them can not read it.</summary>
    /// <returns>Why it is counted by no meter; null when all is well.</returns>
    public string? Count(UsageEvent usageEvent, UsageCells cells, List<(CompiledMeter Meter, MeterReading.Counted Reading)> readings)
    {
        if (!byEventType.TryGetValue(usageEvent.Type, out var meters))
        {
            return null;
        }

        readings.Clear();
        using var document = usageEvent.Data.IsEmpty ? null : JsonDocument.Parse(usageEvent.Data, EventJson.DataOptions);
        foreach (var meter in meters)
        {
            switch (meter.Read(usageEvent.Time, document?.RootElement ?? default))
            {
                case MeterReading.Invalid invalid:
                    readings.Clear();
                    return invalid.Reason;
                case MeterReading.Counted counted:
                    readings.Add((meter, counted));
                    break;
            }
        }

        foreach (var (meter, reading) in readings)
        {
            cells.Add(meter, reading, usageEvent.Subject, usageEvent.Time, usageEvent.Key);
        }

        return null;
    }
}
