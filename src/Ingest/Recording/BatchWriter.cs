using System.Diagnostics;
using Dapper;
using Metering.Contracts.Messages;
using Metering.Ingest.Events;
using Metering.Ingest.Rollups;
using Metering.Ingest.Sources;
using Metering.Platform.Database;
using Metering.Platform.Messaging;
using NodaTime;
using Npgsql;

namespace Metering.Ingest.Recording;

/// <summary>
/// Records a batch in one transaction: keys, events, what they add to the rollups, conflicts, and one message into the outbox. Everything or
/// nothing, and doing it again changes nothing. Keys that were not seen lately are taken for new and copied; the unique index has the last
/// word, and a batch that it refuses is done again with every key doubted.
/// </summary>
internal sealed class BatchWriter(MeteringDatabase database, IClock clock)
{
    private const int MaxAttempts = 8;

    private readonly EventOrigins origins = new(database);
    private readonly KeysUnderway underway = new();
    private readonly DuplicateWatch duplicates = new();
    private volatile MeterSet meters = MeterSet.Empty;

    /// <returns>The outcome of each event, in order.</returns>
    public async Task<EventResult[]> WriteAsync(IReadOnlyList<UsageEvent> events, CancellationToken cancellationToken)
    {
        var started = Stopwatch.GetTimestamp();
        var plan = BatchPlan.Of(events);
        var numbers = await origins.OfAsync(events, cancellationToken);
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                var results = await WriteOnceAsync(events, numbers, plan, DoubtAt(attempt), cancellationToken);
                IngestMetrics.Recorded(results, Stopwatch.GetElapsedTime(started));
                return results;
            }
            catch (PostgresException exception) when (IsContention(exception) && attempt < MaxAttempts)
            {
                // Nothing was kept, and whoever was ahead has ended, or this one would still be waiting for it.
                duplicates.Saw(oldDuplicate: true);
                IngestMetrics.RecordRepeated();
            }
        }
    }

    /// <summary>What failed once is not copied again: another process may add a key between a look and a copy.</summary>
    private Doubt DoubtAt(int attempt) => (attempt, duplicates.LookFirst) switch
    {
        (1, false) => Doubt.OnlyRecent,
        (1, true) => Doubt.LookFirst,
        _ => Doubt.All,
    };

    private static bool IsContention(PostgresException exception) =>
        exception.SqlState is PostgresErrorCodes.UniqueViolation or PostgresErrorCodes.DeadlockDetected or PostgresErrorCodes.SerializationFailure;

    private async Task<EventResult[]> WriteOnceAsync(
        IReadOnlyList<UsageEvent> events, int[] numbers, BatchPlan plan, Doubt doubt, CancellationToken cancellationToken)
    {
        await using var session = await database.BeginAsync(cancellationToken);
        var opened = await session.SingleAsync<OpenedBatch>(OpenSql, null, cancellationToken);
        using var entry = underway.Enter(plan.Keys);
        if (meters.Version != opened.MeterVersion)
        {
            meters = await MeterSet.LoadAsync(opened.MeterVersion, session, cancellationToken);
        }

        var known = await TakeKeysAsync(session, events, plan, doubt, entry, cancellationToken);
        var outcome = plan.Decide(known);
        var runs = SourceRuns.Of(events, outcome.Results);
        if (outcome.Accepted.Count == 0 && outcome.Conflicts.Count == 0)
        {
            // Nothing is new, but events that were sent again may have been numbered anew.
            return runs.HasNumbers
                ? await CommitAsync(session, SourceRuns.AppendSql, runs.ParametersOf(clock.GetCurrentInstant()), outcome, cancellationToken)
                : outcome.Results;
        }

        await RecordAsync(events, numbers, outcome, opened.Batch, session, cancellationToken);
        if (outcome.Conflicts.Count > 0)
        {
            await ConflictTable.AddAsync(session, opened.Batch, outcome.Conflicts, cancellationToken);
        }

        var parameters = runs.ParametersOf(clock.GetCurrentInstant());
        parameters.Add("batch", opened.Batch);
        parameters.Add("count", outcome.Accepted.Count);
        return await CommitAsync(session, ClosingSql, parameters, outcome, cancellationToken);
    }

    private static async Task<EventResult[]> CommitAsync(
        DbSession session, string sql, DynamicParameters parameters, BatchOutcome outcome, CancellationToken cancellationToken)
    {
        await session.ExecuteAsync(sql, parameters, cancellationToken);
        await session.CommitAsync(cancellationToken);
        return outcome.Results;
    }

    /// <returns>Key → payload hash of those that were there; all others are in now.</returns>
    private async Task<Dictionary<Guid, long>> TakeKeysAsync(
        DbSession session, IReadOnlyList<UsageEvent> events, BatchPlan plan, Doubt doubt, KeysUnderway.Entry entry,
        CancellationToken cancellationToken)
    {
        var known = new Dictionary<Guid, long>();
        var suspected = new List<int>();
        var fresh = new List<int>(plan.Keys.Length);
        for (var i = 0; i < plan.Keys.Length; i++)
        {
            (doubt == Doubt.All || entry.Suspects(i) ? suspected : fresh).Add(i);
        }

        if (doubt == Doubt.LookFirst && fresh.Count > 0)
        {
            await KeyTable.FindAsync(session, [.. fresh.Select(index => plan.Keys[index])], known, cancellationToken);
            fresh.RemoveAll(index => known.ContainsKey(plan.Keys[index]));
        }

        if (doubt != Doubt.All)
        {
            duplicates.Saw(oldDuplicate: known.Count > 0);
        }

        if (fresh.Count > 0)
        {
            await KeyTable.CopyAsync(session, events, plan, fresh, cancellationToken);
        }

        if (suspected.Count > 0)
        {
            await entry.Ahead;
            await KeyTable.AddAsync(session, events, plan, suspected, known, cancellationToken);
        }

        return known;
    }

    private async Task RecordAsync(
        IReadOnlyList<UsageEvent> events, int[] numbers, BatchOutcome outcome, long batch, DbSession session, CancellationToken cancellationToken)
    {
        if (outcome.Accepted.Count == 0)
        {
            return;
        }

        var cells = new UsageCells();
        var currentMeters = meters;
        await using (var rows = await EventTable.AppendAsync(session, cancellationToken))
        {
            foreach (var position in outcome.Accepted)
            {
                var usageEvent = events[position];
                var error = currentMeters.Count(usageEvent, cells);
                await rows.AddAsync(batch, usageEvent, numbers[position], error, cancellationToken);
                if (error is not null)
                {
                    outcome.Results[position] = EventResult.AcceptedInvalid(error);
                }
            }

            await rows.CompleteAsync(cancellationToken);
        }

        await UsageDeltaTable.AppendAsync(session, batch, cells, cancellationToken);
        if (cells.Count > 0)
        {
            await Outbox.AddAsync(session, new UsageRecorded(batch, cells.Touched()), cancellationToken);
        }
    }

    private const string OpenSql = "select batch, meter_version as meterVersion from ingest.begin_batch()";

    private const string ClosingSql = $"""
        insert into ingest.batch (batch, recorded_at, events)
        values (@batch, @now, @count);
        {SourceRuns.AppendSql}
        """;

    private sealed record OpenedBatch(long Batch, long MeterVersion);

    /// <summary>Which keys are not simply taken for new.</summary>
    private enum Doubt
    {
        OnlyRecent,
        LookFirst,
        All,
    }
}
