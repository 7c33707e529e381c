using System.Text.Json;
using Metering.Ingest.Meters;
using Metering.Ingest.Recording;
using Metering.Ingest.Sources;
using Metering.Platform;
using Metering.Platform.Database;
using Metering.Platform.Problems;

namespace Metering.Ingest.Events;

/// <summary>
/// What is done with a well-formed event that would not be counted. Lenient, the default: it is stored, marked and counted once a meter can read
/// it. Strict (<c>METERING_VALIDATION=strict</c>): it is refused, naming the field, when no meter counts its type or a meter can not read it.
/// </summary>
internal sealed class EventValidation(MeteringDatabase database, MeteringOptions options)
{
    private volatile MeterSet meters = MeterSet.Empty;

    public bool IsStrict => options.StrictValidation;

    /// <param name="pointerOf">Where the event with this position stood in what was sent.</param>
    /// <returns>What is wrong with the events, in their order. Nothing unless the deployment is strict.</returns>
    public async Task<IReadOnlyList<FieldError>> CheckAsync(
        IReadOnlyList<UsageEvent> events, Func<int, string> pointerOf, CancellationToken cancellationToken)
    {
        if (!IsStrict)
        {
            return [];
        }

        var current = await CurrentMetersAsync(cancellationToken);
        return [.. events.SelectMany((usageEvent, index) => Check(current, usageEvent, pointerOf(index)))];
    }

    /// <summary>For events that nobody can be told about any more: those that are refused, with the reason, so that they can be put aside.</summary>
    public async Task<(IReadOnlyList<UsageEvent> Accepted, IReadOnlyList<MalformedEvent> Refused)> SplitAsync(
        IReadOnlyList<UsageEvent> events, CancellationToken cancellationToken)
    {
        if (!IsStrict || events.Count == 0)
        {
            return (events, []);
        }

        var current = await CurrentMetersAsync(cancellationToken);
        var refused = events.Select(usageEvent => (Event: usageEvent, Errors: Check(current, usageEvent, "").ToArray()))
            .Where(item => item.Errors.Length > 0).ToArray();
        return (
            [.. events.Except(refused.Select(item => item.Event))],
            [.. refused.Select(item => new MalformedEvent(EventJson.Of(item.Event), item.Event.Source, item.Event.Id, item.Errors))]);
    }

    /// <summary>The meters as they are now; read again only when one has changed.</summary>
    public async Task<MeterSet> CurrentMetersAsync(CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(cancellationToken);
        var version = await session.SingleAsync<long>("select version from ingest.meter_version", null, cancellationToken);
        var known = meters;
        if (known.Version != version)
        {
            known = await MeterSet.LoadAsync(version, session, cancellationToken);
            meters = known;
        }

        return known;
    }

    private static IEnumerable<FieldError> Check(MeterSet meters, UsageEvent usageEvent, string pointer)
    {
        if (EventSequence.IsMalformed(usageEvent.Extensions))
        {
            yield return new FieldError($"{pointer}/{EventSequence.NumberAttribute}", "invalid_value", "A sequence number is a whole number from 1.");
        }

        var counting = meters.Of(usageEvent.Type);
        if (counting.IsEmpty)
        {
            yield return new FieldError($"{pointer}/type", "unknown_value", "No meter counts events of this type.");
            yield break;
        }

        using var document = usageEvent.Data.IsEmpty ? null : JsonDocument.Parse(usageEvent.Data, EventJson.DataOptions);
        foreach (var meter in counting)
        {
            if (meter.Read(usageEvent.Time, document?.RootElement ?? default) is MeterReading.Invalid invalid)
            {
                yield return new FieldError($"{pointer}/data{invalid.Field}", "not_readable", invalid.Reason);
            }
        }
    }
}
