using System.Collections.Immutable;
using Metering.Contracts.Messages;
using Metering.Ingest.Events;
using Metering.Ingest.Rollups;
using Metering.Platform.Database;
using Metering.Platform.Messaging;
using NodaTime;

namespace Metering.Ingest.Backfills;

/// <summary>
/// Which hours and subjects the events of a backfill touch, gathered while they come in, for the moment in which they begin or cease to count.
/// </summary>
internal static class BackfillTouched
{
    /// <summary>Of one message; a backfill of many subjects sends several.</summary>
    private const int MaxTouched = 1_000;

    public static async Task AddAsync(DbSession session, int backfill, IReadOnlyList<UsageEvent> events, CancellationToken cancellationToken)
    {
        var hours = events.Select(item => (item.Type, Hour: UsageCells.HourOf(item.Time))).Distinct().Order().ToArray();
        var subjects = events.GroupBy(item => (item.Type, item.Subject)).OrderBy(group => group.Key.Type, StringComparer.Ordinal)
            .ThenBy(group => group.Key.Subject, StringComparer.Ordinal).ToArray();
        var parameters = new
        {
            backfill,
            hourTypes = hours.Select(item => item.Type).ToArray(),
            hours = hours.Select(item => item.Hour.ToDateTimeUtc()).ToArray(),
            types = subjects.Select(group => group.Key.Type).ToArray(),
            subjects = subjects.Select(group => group.Key.Subject).ToArray(),
            earliest = subjects.Select(group => group.Min(item => item.Time).ToDateTimeUtc()).ToArray(),
            latest = subjects.Select(group => group.Max(item => item.Time).ToDateTimeUtc()).ToArray(),
        };
        await session.ExecuteAsync(AddSql, parameters, cancellationToken);
    }

    /// <summary>Takes a batch number, under the lock of recording; marks the hours, and tells whoever follows usage.</summary>
    public static async Task<long> TellAsync(
        DbSession session, BackfillRow backfill, long events, Instant now, CancellationToken cancellationToken)
    {
        var batch = await session.SingleAsync<long>(OpenSql, new { now, events = (int)Math.Min(events, int.MaxValue) }, cancellationToken);
        await session.ExecuteAsync(MarkSql, new { backfill.Number, backfill.EventBatch, batch }, cancellationToken);
        var after = new TouchedRow("", "", default, default);
        IReadOnlyList<TouchedRow> page;
        do
        {
            page = await session.QueryAsync<TouchedRow>(
                TouchedSql, new { backfill.Number, backfill.EventBatch, after.Slug, after.Subject, MaxTouched }, cancellationToken);
            if (page.Count > 0)
            {
                ImmutableArray<TouchedUsage> touched = [.. page.Select(row => new TouchedUsage(row.Slug, row.Subject, row.Earliest, row.Latest))];
                await Outbox.AddAsync(session, new UsageRecorded(batch, touched), cancellationToken);
                after = page[^1];
            }
        }
        while (page.Count == MaxTouched);
        return batch;
    }

    private const string AddSql = """
        insert into ingest.backfill_hour (backfill, type, hour)
        select @backfill, h.type, h.hour
        from unnest(@hourTypes, @hours) as h (type, hour)
        on conflict do nothing;
        insert into ingest.backfill_subject as b (backfill, type, subject, earliest, latest)
        select @backfill, s.type, s.subject, s.earliest, s.latest
        from unnest(@types, @subjects, @earliest, @latest) as s (type, subject, earliest, latest)
        on conflict (backfill, type, subject) do update
        set earliest = least(b.earliest, excluded.earliest), latest = greatest(b.latest, excluded.latest)
        """;

    private const string OpenSql = """
        insert into ingest.batch (batch, recorded_at, events)
        values (ingest.next_batch(), @now, @events)
        returning batch
        """;

    // What its events were amended to is touched as well, when it is reverted.
    private const string MarkSql = """
        insert into ingest.restated_hour as r (meter, hour, subject, batch, pending)
        select m.number, h.hour, '', @batch, true
        from (
            select type, hour from ingest.backfill_hour where backfill = @Number
            union
            select type, date_trunc('hour', time, 'UTC') from ingest.event_correction where event_batch = @EventBatch
        ) as h
        join ingest.meter m on m.event_type = h.type and m.deleted_at is null
        order by m.number, h.hour
        on conflict (meter, hour, subject) do update
        set batch = greatest(r.batch, excluded.batch), pending = true
        """;

    private const string TouchedSql = """
        select m.slug, s.subject, min(s.earliest) as earliest, max(s.latest) as latest
        from (
            select type, subject, earliest, latest from ingest.backfill_subject where backfill = @Number
            union all
            select type, subject, time, time from ingest.event_correction where event_batch = @EventBatch
        ) as s
        join ingest.meter m on m.event_type = s.type and m.deleted_at is null
        where (m.slug collate "C", s.subject collate "C") > (@Slug, @Subject)
        group by m.slug, s.subject
        order by m.slug collate "C", s.subject collate "C"
        limit @MaxTouched
        """;

    private sealed record TouchedRow(string Slug, string Subject, Instant Earliest, Instant Latest);
}
