using Metering.Platform.Database;
using NodaTime;

namespace Metering.Ingest.Rollups;

/// <summary>
/// Adds up the hours of days that have come to rest. A day of a meter is settled until one of its hours changes; late usage or a correction
/// unsettles it, and it is settled again. Levels are not added up: their value depends on every single event.
/// </summary>
internal sealed class DaySettling(MeteringDatabase database)
{
    /// <summary>After its end a day still gets late events; they would settle it again and again.</summary>
    private static readonly Duration Rest = Duration.FromHours(2);

    /// <summary>One day of one meter, in a transaction of its own.</summary>
    /// <returns>True when there may be more to settle.</returns>
    public async Task<bool> SettleAsync(Instant now, CancellationToken cancellationToken)
    {
        await using var session = await database.BeginAsync(cancellationToken);
        if (!await IngestLocks.TryRearrangeAsync(session, cancellationToken)
            || await session.FirstOrNoneAsync<UnsettledDay>(NextSql, new { restedFrom = now - Rest }, cancellationToken) is not { } next)
        {
            return false;
        }

        await session.ExecuteAsync(SettleSql, new { next.Meter, next.Day }, cancellationToken);
        await session.CommitAsync(cancellationToken);
        return true;
    }

    private const string NextSql = """
        select s.meter, s.day
        from ingest.usage_day_state s
        join ingest.meter m on m.number = s.meter and m.aggregation <> 'WEIGHTED_SUM' and m.deleted_at is null
        where not s.settled and s.day <= @restedFrom - interval '1 day'
        order by s.day
        limit 1
        """;

    private const string SettleSql = """
        delete from ingest.usage_day where meter = @Meter and day = @Day;

        insert into ingest.usage_day (
            meter, subject, day, cell, dimensions, distinct_key, count, sum, min, max, latest, latest_at, latest_key, first_hour, last_hour)
        select meter, subject, @Day, cell, (array_agg(dimensions))[1], (array_agg(distinct_key))[1], sum(count), sum(sum), min(min), max(max),
               (array_agg(latest order by latest_at desc, latest_key desc))[1],
               max(latest_at),
               (array_agg(latest_key order by latest_at desc, latest_key desc))[1],
               min(hour), max(hour)
        from ingest.usage_hour
        where meter = @Meter and hour >= @Day and hour < @Day + interval '1 day'
        group by meter, subject, cell
        order by subject, cell;

        update ingest.usage_day_state
        set settled = true,
            batch = (
                select max(batch)
                from ingest.usage_hour
                where meter = @Meter and hour >= @Day and hour < @Day + interval '1 day')
        where meter = @Meter and day = @Day;
        """;

    private sealed record UnsettledDay(int Meter, Instant Day);
}
