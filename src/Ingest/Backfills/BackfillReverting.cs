using Metering.Ingest.Rollups;
using Metering.Platform.Auditing;
using Metering.Platform.Database;
using Microsoft.Extensions.Logging;
using NodaTime;
using Npgsql;

namespace Metering.Ingest.Backfills;

/// <summary>
/// Takes a backfill back. One that was never counted is dropped. Of one that was, no event counts any more from one batch on; the events stay,
/// so that earlier watermarks answer as before. Then their keys are released: the same source and id can be recorded again, and counts.
/// </summary>
internal sealed class BackfillReverting(MeteringDatabase database, IClock clock, ILogger<BackfillReverting> logger)
{
    private const int SliceEvents = 5_000;

    /// <param name="session">Holds the lock on the backfill.</param>
    public async Task StepAsync(DbSession session, BackfillRow backfill, CancellationToken cancellationToken)
    {
        if (backfill.Batch is null)
        {
            var dropped = await BackfillStaging.DropAsync(session, backfill.Number, SliceEvents, cancellationToken);
            await session.ExecuteAsync(
                "update ingest.backfill set staged = staged - @dropped where number = @Number", new { backfill.Number, dropped }, cancellationToken);
            await (dropped < SliceEvents ? FinishAsync(session, backfill, cancellationToken) : session.CommitAsync(cancellationToken));
        }
        else if (backfill.RevertedBatch is null)
        {
            await IngestLocks.RecordAsync(session, cancellationToken);
            var now = clock.GetCurrentInstant();
            var batch = await BackfillTouched.TellAsync(session, backfill, 0, now, cancellationToken);
            await session.ExecuteAsync(UncountSql, new { backfill.Number, batch, now }, cancellationToken);
            await session.CommitAsync(cancellationToken);
        }
        else
        {
            await ReleaseAsync(session, backfill, cancellationToken);
            await FinishAsync(session, backfill, cancellationToken);
        }
    }

    /// <summary>
    /// Slice by slice, each at a moment in which nothing is being recorded, with how far it has come: a key is released once, so that one which
    /// was recorded again meanwhile stays.
    /// </summary>
    private async Task ReleaseAsync(DbSession session, BackfillRow backfill, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(KeysSql, session.Connection) { CommandTimeout = 0 };
        command.Parameters.AddWithValue("number", backfill.Number);
        command.Parameters.AddWithValue("eventBatch", backfill.EventBatch);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var slice = new List<Guid>(SliceEvents);
        while (await reader.ReadAsync(cancellationToken))
        {
            slice.Add(reader.GetGuid(0));
            if (slice.Count == SliceEvents)
            {
                await ReleaseAsync(backfill, slice, cancellationToken);
                slice.Clear();
            }
        }

        if (slice.Count > 0)
        {
            await ReleaseAsync(backfill, slice, cancellationToken);
        }
    }

    private async Task ReleaseAsync(BackfillRow backfill, List<Guid> keys, CancellationToken cancellationToken)
    {
        await using var session = await database.BeginAsync(cancellationToken);
        await IngestLocks.StillAsync(session, cancellationToken);
        await session.ExecuteAsync(ReleaseSql, new { backfill.Number, keys = keys.ToArray(), last = keys[^1] }, cancellationToken);
        await session.CommitAsync(cancellationToken);
    }

    private async Task FinishAsync(DbSession session, BackfillRow backfill, CancellationToken cancellationToken)
    {
        var now = clock.GetCurrentInstant();
        var after = await session.SingleAsync<BackfillRow>(FinishSql, new { backfill.Number, now }, cancellationToken);
        var id = after.ToView().Id;
        await AuditTrail.RecordAsync(session, new AuditEntry("backfill.revert", id, now, backfill.ToView(), after.ToView()), cancellationToken);
        await session.CommitAsync(cancellationToken);
        logger.BackfillReverted(id, after.Accepted);
    }

    private const string UncountSql = "update ingest.backfill set reverted_batch = @batch, updated_at = @now where number = @Number";

    // The hours tell in which months and blocks its events lie.
    private const string KeysSql = """
        select e.key
        from ingest.recorded_event e
        where e.batch = @eventBatch
          and e.time >= (select min(hour) from ingest.backfill_hour where backfill = @number)
          and e.time < (select max(hour) + interval '1 hour' from ingest.backfill_hour where backfill = @number)
          and e.key > coalesce((select key from ingest.backfill_release where backfill = @number), '00000000-0000-0000-0000-000000000000')
        order by e.key
        """;

    private const string ReleaseSql = """
        delete from ingest.event_key where key = any(@keys);
        insert into ingest.backfill_release (backfill, key)
        values (@Number, @last)
        on conflict (backfill) do update set key = excluded.key
        """;

    private const string FinishSql = $"""
        update ingest.backfill
        set status = 'reverted', reverted_at = @now, updated_at = @now
        where number = @Number
        returning {BackfillRow.Columns}
        """;
}
