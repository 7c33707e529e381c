namespace Metering.Ingest.Rollups;

/// <summary>Folding: deltas leave their table and are added to the base rows of their cells, in one statement.</summary>
internal static class FoldSql
{
    /// <param name="which">A condition on <c>usage_delta</c> that takes all or none of a cell's deltas up to a batch.</param>
    public static string Of(string which) => $"""
        with moved as (
            delete from ingest.usage_delta
            where {which}
            returning *
        )
        insert into ingest.usage_hour as base (
            meter, subject, hour, cell, batch, dimensions, distinct_key, count, sum, min, max, latest, latest_at, latest_key)
        select meter, subject, hour, cell, max(batch), (array_agg(dimensions))[1]::jsonb, (array_agg(distinct_key))[1],
               sum(count), sum(sum), min(min), max(max),
               (array_agg(latest order by latest_at desc, latest_key desc))[1],
               max(latest_at),
               (array_agg(latest_key order by latest_at desc, latest_key desc))[1]
        from moved
        group by meter, subject, hour, cell
        on conflict (meter, subject, hour, cell) do update
        set batch = greatest(base.batch, excluded.batch),
            count = base.count + excluded.count,
            sum = base.sum + excluded.sum,
            min = least(base.min, excluded.min),
            max = greatest(base.max, excluded.max),
            latest = case when (excluded.latest_at, excluded.latest_key) > (base.latest_at, base.latest_key)
                then excluded.latest else base.latest end,
            latest_key = case when (excluded.latest_at, excluded.latest_key) > (base.latest_at, base.latest_key)
                then excluded.latest_key else base.latest_key end,
            latest_at = greatest(base.latest_at, excluded.latest_at)
        """;
}
