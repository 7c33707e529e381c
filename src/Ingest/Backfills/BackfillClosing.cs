using Metering.Ingest.Events;
using Metering.Ingest.Recording;
using Metering.Ingest.Rollups;
using Metering.Ingest.Sources;
using Metering.Platform.Auditing;
using Metering.Platform.Database;
using Metering.Platform.Http;
using Microsoft.Extensions.Logging;
using NodaTime;

namespace Metering.Ingest.Backfills;

/// <summary>
/// Brings the events of a backfill in, a slice in a transaction, under a number that no watermark reaches; when all are in, one small
/// transaction gives the backfill its batch, and from then on all of them count. A slice that was not committed is done again.
/// </summary>
internal sealed class BackfillClosing(MeteringDatabase database, IClock clock, ILogger<BackfillClosing> logger)
{
    private const int SliceEvents = 5_000;

    private readonly EventOrigins origins = new(database);

    /// <param name="session">Holds the lock on the backfill.</param>
    public async Task StepAsync(DbSession session, BackfillRow backfill, CancellationToken cancellationToken)
    {
        await IngestLocks.RecordAsync(session, cancellationToken);
        var events = await BackfillStaging.NextAsync(session, backfill.Number, SliceEvents, cancellationToken);
        if (events.Count == 0)
        {
            await SettleAsync(session, backfill, cancellationToken);
        }
        else
        {
            await MoveAsync(session, backfill, events, cancellationToken);
        }
    }

    private async Task MoveAsync(
        DbSession session, BackfillRow backfill, IReadOnlyList<UsageEvent> events, CancellationToken cancellationToken)
    {
        var numbers = await origins.OfAsync(events, cancellationToken);
        var meters = await MeterSet.LoadAsync(0, session, cancellationToken);
        var plan = BatchPlan.Of(events);
        var known = new Dictionary<Guid, long>();
        await KeyTable.AddAsync(session, events, plan, [.. Enumerable.Range(0, plan.Keys.Length)], known, cancellationToken);
        var outcome = plan.Decide(known);
        var invalid = 0;
        await using (var rows = await EventTable.AppendAsync(session, cancellationToken))
        {
            foreach (var position in outcome.Accepted)
            {
                var error = meters.ErrorOf(events[position]);
                invalid += error is null ? 0 : 1;
                await rows.AddAsync(backfill.EventBatch, events[position], numbers[position], error, cancellationToken);
            }

            await rows.CompleteAsync(cancellationToken);
        }

        if (outcome.Conflicts.Count > 0)
        {
            await ConflictTable.AddAsync(session, backfill.EventBatch, outcome.Conflicts, cancellationToken);
        }

        var now = clock.GetCurrentInstant();
        UsageEvent[] accepted = [.. outcome.Accepted.Select(position => events[position])];
        await session.ExecuteAsync(SourceRuns.AppendSql, SourceRuns.Of(events, outcome.Results).ParametersOf(now), cancellationToken);
        await BackfillTouched.AddAsync(session, backfill.Number, accepted, cancellationToken);
        await BackfillStaging.RemoveAsync(session, backfill.Number, events, cancellationToken);
        await session.ExecuteAsync(CountSql, new
        {
            backfill.Number,
            moved = events.Count,
            accepted = accepted.Length,
            duplicate = outcome.Results.Count(result => result.Outcome == EventOutcome.Duplicate),
            conflict = outcome.Conflicts.Count,
            invalid,
            now,
        }, cancellationToken);
        await session.CommitAsync(cancellationToken);
    }

    private async Task SettleAsync(DbSession session, BackfillRow backfill, CancellationToken cancellationToken)
    {
        var now = clock.GetCurrentInstant();
        var batch = await BackfillTouched.TellAsync(session, backfill, backfill.Accepted, now, cancellationToken);
        var after = await session.SingleAsync<BackfillRow>(SettleSql, new { backfill.Number, batch, now }, cancellationToken);
        var id = after.ToView().Id;
        await AuditTrail.RecordAsync(session, new AuditEntry("backfill.close", id, now, backfill.ToView(), after.ToView()), cancellationToken);
        await session.CommitAsync(cancellationToken);
        logger.BackfillClosed(id, after.Accepted);
    }

    private const string CountSql = """
        update ingest.backfill
        set staged = staged - @moved, accepted = accepted + @accepted, duplicate = duplicate + @duplicate, conflict = conflict + @conflict,
            invalid = invalid + @invalid, updated_at = @now
        where number = @Number
        """;

    private const string SettleSql = $"""
        update ingest.backfill
        set status = 'closed', batch = @batch, closed_at = @now, updated_at = @now
        where number = @Number
        returning {BackfillRow.Columns}
        """;
}
