using System.Diagnostics;
using Metering.Contracts.Messages;
using Metering.Ingest.Events;
using Metering.Ingest.Meters;
using Metering.Ingest.Rollups;
using Metering.Ingest.Sources;
using Metering.Platform.Database;
using Metering.Platform.Messaging;
using NodaTime;
using Npgsql;

namespace Metering.Ingest.Recording;

/// <summary>
/// Records a batch in one transaction: what is new goes into the events, its hours into the deltas, conflicts beside them, and one
/// message into the outbox. Everything or nothing, and doing it again changes nothing.
/// </summary>
internal sealed class BatchWriter(MeteringDatabase database, IClock clock)
{
    /// <summary>Another writer committed the same event after we looked: the next look sees it.</summary>
    private const int MaxAttempts = 8;

    private volatile MeterSet meters = MeterSet.Empty;

    /// <returns>The outcome of each event, in order.</returns>
    public async Task<EventResult[]> WriteAsync(IReadOnlyList<UsageEvent> events, CancellationToken cancellationToken)
    {
        var started = Stopwatch.GetTimestamp();
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                var results = await WriteOnceAsync(events, cancellationToken);
                IngestMetrics.Recorded(results, Stopwatch.GetElapsedTime(started));
                return results;
            }
            catch (PostgresException exception) when (exception.SqlState == PostgresErrorCodes.UniqueViolation && attempt < MaxAttempts)
            {
                // Nothing was kept. The writer that was ahead has committed, or this insert would still be waiting for it.
            }
        }
    }

    private async Task<EventResult[]> WriteOnceAsync(IReadOnlyList<UsageEvent> events, CancellationToken cancellationToken)
    {
        await using var session = await database.BeginAsync(cancellationToken);
        await IngestLocks.RecordAsync(session, cancellationToken);
        var known = await EventTable.FindKnownAsync(session, [.. events.Select(usageEvent => usageEvent.Key)], cancellationToken);
        var plan = BatchPlan.Of(events, known);
        var runs = RunsOf(events, plan);
        if (plan.Accepted.Count == 0 && plan.Conflicts.Count == 0)
        {
            return runs.HasNumbers ? await CommitRunsAsync(session, runs, plan, cancellationToken) : plan.Results;
        }

        await runs.AppendAsync(session, clock.GetCurrentInstant(), cancellationToken);
        var opened = await session.SingleAsync<OpenedBatch>(
            OpenSql, new { now = clock.GetCurrentInstant(), events = plan.Accepted.Count }, cancellationToken);
        if (meters.Version != opened.MeterVersion)
        {
            meters = await MeterSet.LoadAsync(opened.MeterVersion, session, cancellationToken);
        }

        await RecordAsync(events, plan, opened.Batch, session, cancellationToken);
        if (plan.Conflicts.Count > 0)
        {
            await ConflictTable.AddAsync(session, opened.Batch, plan.Conflicts, cancellationToken);
        }

        await session.CommitAsync(cancellationToken);
        return plan.Results;
    }

    private static SourceRuns RunsOf(IReadOnlyList<UsageEvent> events, BatchPlan plan)
    {
        var runs = new SourceRuns();
        for (var i = 0; i < events.Count; i++)
        {
            runs.Add(events[i], plan.Results[i].Outcome);
        }

        return runs;
    }

    /// <summary>Nothing is new, but resent events may have been numbered anew.</summary>
    private async Task<EventResult[]> CommitRunsAsync(DbSession session, SourceRuns runs, BatchPlan plan, CancellationToken cancellationToken)
    {
        await runs.AppendAsync(session, clock.GetCurrentInstant(), cancellationToken);
        await session.CommitAsync(cancellationToken);
        return plan.Results;
    }

    private async Task RecordAsync(
        IReadOnlyList<UsageEvent> events, BatchPlan plan, long batch, DbSession session, CancellationToken cancellationToken)
    {
        var cells = new UsageCells();
        var touched = new TouchedSpans();
        var added = new List<NewEvent>(plan.Accepted.Count);
        var readings = new List<(CompiledMeter Meter, MeterReading.Counted Reading)>();
        var currentMeters = meters;
        foreach (var position in plan.Accepted)
        {
            var usageEvent = events[position];
            var error = currentMeters.Count(usageEvent, cells, readings);
            added.Add(new NewEvent(usageEvent, error));
            if (error is not null)
            {
                plan.Results[position] = EventResult.AcceptedInvalid(error);
            }

            foreach (var (meter, _) in readings)
            {
                touched.Add(meter.Meter.Slug, usageEvent.Subject, usageEvent.Time);
            }
        }

        if (added.Count > 0)
        {
            await EventTable.AppendAsync(session, batch, added, cancellationToken);
        }

        await UsageDeltaTable.AppendAsync(session, batch, cells, cancellationToken);
        if (touched.Any)
        {
            await Outbox.AddAsync(session, new UsageRecorded(batch, touched.ToTouchedUsage()), cancellationToken);
        }
    }

    private const string OpenSql = """
        insert into ingest.batch (batch, recorded_at, events)
        values (nextval('ingest.batch_number'), @now, @events)
        returning batch, (select version from ingest.meter_version) as meterVersion
        """;

    private sealed record OpenedBatch(long Batch, long MeterVersion);
}
