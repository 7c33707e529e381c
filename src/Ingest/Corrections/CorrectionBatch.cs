using System.Text.Json;
using Metering.Contracts.Messages;
using Metering.Ingest.Events;
using Metering.Ingest.Meters;
using Metering.Ingest.Recording;
using Metering.Ingest.Rollups;
using Metering.Platform.Database;
using Metering.Platform.Messaging;
using NodaTime;

namespace Metering.Ingest.Corrections;

/// <summary>
/// Records corrections as a batch of their own, like one of events: with a number under the lock of recording. The hours that they touch are
/// marked to be made anew, so nothing waits for that, and whoever follows usage is told.
/// </summary>
internal static class CorrectionBatch
{
    /// <summary>Two corrections of one event come after one another, so that the second builds on the first.</summary>
    public static async Task LockAsync(DbSession session, CancellationToken cancellationToken)
    {
        await IngestLocks.CorrectAsync(session, cancellationToken);
        await IngestLocks.RecordAsync(session, cancellationToken);
    }

    /// <param name="corrections">Of different events.</param>
    /// <returns>The number of the batch.</returns>
    public static async Task<long> RecordAsync(
        DbSession session, IReadOnlyList<Correction> corrections, Instant now, CancellationToken cancellationToken)
    {
        var batch = await session.SingleAsync<long>(OpenSql, new { now }, cancellationToken);
        var meters = await MeterSet.LoadAsync(0, session, cancellationToken);
        await session.ExecuteAsync(InsertSql, ParametersOf(batch, corrections, meters), cancellationToken);

        var hours = new List<(int Meter, Instant Hour, string Subject)>();
        var touched = new TouchedSpans();
        foreach (var version in corrections.SelectMany(correction => new[] { correction.Before, correction.After }))
        {
            foreach (var meter in Counting(meters, version))
            {
                hours.Add((meter.Meter.Number, UsageCells.HourOf(version.Time), version.Subject));
                touched.Add(meter.Meter.Slug, version.Subject, version.Time);
            }
        }

        await RestatedHours.MarkAsync(session, batch, hours, cancellationToken);
        if (touched.Any)
        {
            await Outbox.AddAsync(session, new UsageRecorded(batch, touched.ToTouchedUsage()), cancellationToken);
        }

        return batch;
    }

    private static IEnumerable<CompiledMeter> Counting(MeterSet meters, EventVersion version)
    {
        if (version.Voided)
        {
            yield break;
        }

        using var document = version.Data is { } data ? JsonDocument.Parse(data, EventJson.DataOptions) : null;
        foreach (var meter in meters.Of(version.Type))
        {
            if (meter.Read(version.Time, document?.RootElement ?? default) is MeterReading.Counted)
            {
                yield return meter;
            }
        }
    }

    private static object ParametersOf(long batch, IReadOnlyList<Correction> corrections, MeterSet meters)
    {
        var after = corrections.Select(correction => correction.After).ToArray();
        return new
        {
            batch,
            keys = after.Select(version => version.Key).ToArray(),
            eventBatches = after.Select(version => version.Batch).ToArray(),
            kinds = after.Select(version => version.Voided ? CorrectionRules.Void : CorrectionRules.Amend).ToArray(),
            reasons = corrections.Select(correction => correction.Reason).ToArray(),
            eventTimes = after.Select(version => version.RecordedTime.ToDateTimeUtc()).ToArray(),
            times = after.Select(version => version.Time.ToDateTimeUtc()).ToArray(),
            types = after.Select(version => version.Type).ToArray(),
            subjects = after.Select(version => version.Subject).ToArray(),
            sources = after.Select(version => version.Source).ToArray(),
            ids = after.Select(version => version.Id).ToArray(),
            data = after.Select(version => version.Data).ToArray(),
            extensions = after.Select(version => version.Extensions).ToArray(),
            errors = after.Select(version => meters.ErrorOf(version.ToEvent())).ToArray(),
        };
    }

    private const string OpenSql = """
        insert into ingest.batch (batch, recorded_at, events)
        values (ingest.next_batch(), @now, 0)
        returning batch
        """;

    private const string InsertSql = """
        insert into ingest.event_correction
            (key, event_batch, batch, kind, reason, event_time, time, type, subject, source, id, data, extensions, validation_error)
        select c.key, c.event_batch, @batch, c.kind, c.reason, c.event_time, c.time, c.type, c.subject, c.source, c.id, c.data, c.extensions,
               c.error
        from unnest(
                @keys, @eventBatches, @kinds, @reasons, @eventTimes, @times, @types, @subjects, @sources, @ids, @data::text[],
                @extensions::text[], @errors::text[])
            as c (key, event_batch, kind, reason, event_time, time, type, subject, source, id, data, extensions, error)
        """;
}
