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
    private const int MaxReasonLength = 1_000;

    private readonly FrozenDictionary<string, (ImmutableArray<CompiledMeter> Meters, PlainMeters? Plain)> byEventType;

    private MeterSet(long version, IEnumerable<Meter> meters)
    {
        Version = version;
        byEventType = meters.GroupBy(meter => meter.EventType, StringComparer.Ordinal)
            .Select(group => (EventType: group.Key, Meters: group.Select(meter => new CompiledMeter(meter)).ToImmutableArray()))
            .ToFrozenDictionary(group => group.EventType, group => (group.Meters, PlainMeters.Of(group.Meters)), StringComparer.Ordinal);
    }

    public static MeterSet Empty { get; } = new(0, []);

    public long Version { get; }

    public static async Task<MeterSet> LoadAsync(long version, DbSession session, CancellationToken cancellationToken) =>
        new(version, await MeterCatalog.ListAsync(includeDeleted: false, session, cancellationToken));

    /// <summary>The meters that count events of a type.</summary>
    public ImmutableArray<CompiledMeter> Of(string eventType) => byEventType.TryGetValue(eventType, out var known) ? known.Meters : [];

    /// <summary>Why meters can not read an event, as recording says it; null when all is well.</summary>
    public string? ErrorOf(UsageEvent usageEvent) => Count(usageEvent, new UsageCells());

    /// <summary>
    /// Adds the event to every meter of its type that can read it. One meter that can not, such as one with a mistaken path, takes
    /// nothing from the others.
    /// </summary>
    /// <returns>Why meters could not read it, at most <see cref="MaxReasonLength"/> characters; null when all is well.</returns>
    public string? Count(UsageEvent usageEvent, UsageCells cells)
    {
        if (!byEventType.TryGetValue(usageEvent.Type, out var known))
        {
            return null;
        }

        var (meters, plain) = known;
        if (!usageEvent.Data.IsEmpty && plain?.TryRead(usageEvent.Time, usageEvent.Data.Span) is { } readings)
        {
            for (var i = 0; i < readings.Length; i++)
            {
                if (readings[i] is { } counted)
                {
                    cells.Add(meters[i], counted, usageEvent.Subject, usageEvent.Time, usageEvent.Key);
                }
            }

            return null;
        }

        string? reasons = null;
        using var document = usageEvent.Data.IsEmpty ? null : JsonDocument.Parse(usageEvent.Data, EventJson.DataOptions);
        foreach (var meter in meters)
        {
            switch (meter.Read(usageEvent.Time, document?.RootElement ?? default))
            {
                case MeterReading.Invalid invalid:
                    reasons = reasons is null ? invalid.Reason : $"{reasons} {invalid.Reason}";
                    break;
                case MeterReading.Counted counted:
                    cells.Add(meter, counted, usageEvent.Subject, usageEvent.Time, usageEvent.Key);
                    break;
            }
        }

        return reasons is { Length: > MaxReasonLength } ? reasons[..MaxReasonLength] : reasons;
    }
}
