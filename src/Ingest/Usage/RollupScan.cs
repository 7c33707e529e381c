using System.Collections.Immutable;
using Dapper;
using Metering.Ingest.Meters;
using Metering.Platform.Database;
using NodaTime;

namespace Metering.Ingest.Usage;

/// <summary>
/// Reads the hours of one query: base rows and deltas together, added up by PostgreSQL. A condition on a text is decided here, as it is for
/// events: PostgreSQL adds up by the values of such a dimension too, and rows that do not pass are left out.
/// </summary>
internal sealed class RollupScan
{
    private readonly DbSession session;
    private readonly Meter meter;
    private readonly UsageQuery query;
    private readonly DynamicParameters parameters = new();
    private readonly string matches;
    private readonly string restated;

    public RollupScan(DbSession session, Meter meter, UsageQuery query)
    {
        this.session = session;
        this.meter = meter;
        this.query = query;
        parameters.Add("meter", meter.Number);
        parameters.Add("watermark", query.AsRecordedBy?.Batch ?? Watermark.Latest);
        var conditions = new List<string> { "meter = @meter" };
        if (!query.Subjects.IsEmpty)
        {
            parameters.Add("subjects", query.Subjects.ToArray());
            conditions.Add("subject = any(@subjects)");
        }

        foreach (var (name, accepted) in query.Filters)
        {
            var index = conditions.Count;
            parameters.Add($"filter{index}", name);
            parameters.Add($"accepted{index}", accepted.ToArray());
            conditions.Add($"dimensions ->> @filter{index} = any(@accepted{index})");
        }

        matches = string.Join(" and ", conditions);
        restated = query.Subjects.IsEmpty ? "meter = @meter" : "meter = @meter and (subject = any(@subjects) or subject = '')";
    }

    public async Task<(Instant? Earliest, Instant? Latest)> HoursWithUsageAsync(CancellationToken cancellationToken)
    {
        var row = await session.SingleAsync<HourSpan>($"""
            select min(first) as earliest, max(last) as latest
            from (
                select (select min(hour) from ingest.usage_hour where {matches}) as first,
                       (select max(hour) from ingest.usage_hour where {matches}) as last
                union all select min(hour), max(hour) from ingest.usage_delta where {matches}
                union all select min(hour), max(hour) from ingest.restated_hour where {restated}
            ) as bounds
            """, parameters, cancellationToken);
        return (row.Earliest, row.Latest);
    }

    /// <summary>
    /// Hours whose rows do not tell what was recorded by the watermark: a row holds batches after it, or the hour was made anew since, or is to be.
    /// </summary>
    public async Task<IReadOnlyList<Instant>> UntoldAsync(Instant from, Instant to, CancellationToken cancellationToken)
    {
        parameters.Add("from", from);
        parameters.Add("to", to);
        var foldedPast = $"""
            union
            select hour
            from ingest.usage_hour
            where {matches} and hour >= @from and hour < @to and batch > @watermark
            """;
        return await session.QueryAsync<Instant>($"""
            select hour
            from ingest.restated_hour
            where {restated} and hour >= @from and hour < @to and (pending or batch > @watermark)
            {(query.AsRecordedBy is null ? "" : foldedPast)}
            """, parameters, cancellationToken);
    }

    public async Task AddAsync(UsageSplit split, UsageGroups groups, ImmutableArray<Instant> boundaries, CancellationToken cancellationToken)
    {
        if (split.RollupFrom >= split.RollupTo)
        {
            return;
        }

        parameters.Add("from", split.RollupFrom);
        parameters.Add("to", split.RollupTo);
        parameters.Add("excluded", split.ExcludedHours.Select(hour => hour.ToDateTimeUtc()).ToArray());
        parameters.Add("starts", boundaries.Select(start => start.ToDateTimeUtc()).ToArray());
        var settled = await session.QueryAsync<Instant>(SettledSql, parameters, cancellationToken);
        var sql = SumSql(groups, RollupSpans.Of(split, boundaries, settled), windowed: !boundaries.IsEmpty);
        foreach (var row in await session.QueryAsync<RollupRow>(sql, parameters, cancellationToken))
        {
            if (Passes(row, groups.Dimensions.Length))
            {
                row.AddTo(groups);
            }
        }
    }

    /// <summary>The values of the filtered dimensions stand behind those of the grouped ones.</summary>
    private bool Passes(RollupRow row, int grouped)
    {
        var at = grouped;
        foreach (var filter in query.TextFilters.Values)
        {
            if (!filter.Matches(row.Values[at++]))
            {
                return false;
            }
        }

        return true;
    }

    private string SumSql(UsageGroups groups, RollupSpans spans, bool windowed)
    {
        string[] names = [.. groups.Dimensions, .. query.TextFilters.Keys];
        for (var i = 0; i < names.Length; i++)
        {
            parameters.Add($"dimension{i}", names[i]);
        }

        // What is not grouped by costs nothing by the row.
        var dimensions = string.Concat(names.Select((_, index) => $", dimensions ->> @dimension{index} as value{index}"));
        var values = string.Join(", ", names.Select((_, index) => $"value{index}"));
        var subject = groups.BySubject ? "subject" : "null::text as subject";
        var distinct = meter.Aggregation == Aggregation.UniqueCount ? "distinct_key" : "null::uuid as distinct_key";
        string Columns(string at) =>
            $"{(windowed ? $"width_bucket({at}, @starts) - 1" : "0")} as window_index, {subject}{dimensions}, {distinct}, "
            + "count, sum, min, max, latest, latest_at, latest_key";

        var hours = $"select {Columns("hour")}, hour as first_hour, hour as last_hour";
        List<string> keys = [.. names.Select((_, index) => $"value{index}")];
        if (windowed)
        {
            keys.Add("window_index");
        }

        if (groups.BySubject)
        {
            keys.Add("subject");
        }

        if (meter.Aggregation == Aggregation.UniqueCount)
        {
            keys.Add("distinct_key");
        }

        var grouped = keys.Count == 0 ? "" : $"group by {string.Join(", ", keys)}";
        return $"""
            select {Key("window_index", "0")} as windowIndex, {Key("subject", "null::text")} as subject, array[{values}]::text[] as values,
                   {Key("distinct_key", "null::uuid")} as distinctKey,
                   min(first_hour) as firstHour, max(last_hour) as lastHour, sum(count)::bigint as count, sum(sum) as sum, min(min) as min,
                   max(max) as max, {(meter.Aggregation == Aggregation.Latest ? LatestColumns : NoLatestColumns)}
            from (
                {string.Join("\nunion all\n", ArmsOf(spans, hours, Columns("day")))}
            ) as parts
            {grouped}
            having count(*) > 0
            """;

        string Key(string column, string absent) => keys.Contains(column) ? column : absent;
    }

    /// <summary>Hours, days and deltas, each as a part of the statement that its index answers.</summary>
    private IEnumerable<string> ArmsOf(RollupSpans spans, string hours, string dayColumns)
    {
        for (var i = 0; i < spans.Hours.Length; i++)
        {
            parameters.Add($"hoursFrom{i}", spans.Hours[i].From);
            parameters.Add($"hoursTo{i}", spans.Hours[i].To);
            yield return $"""
                {hours} from ingest.usage_hour
                where {matches} and hour >= @hoursFrom{i} and hour < @hoursTo{i} and hour <> all(@excluded)
                """;
        }

        for (var i = 0; i < spans.Days.Length; i++)
        {
            parameters.Add($"daysFrom{i}", spans.Days[i].From);
            parameters.Add($"daysTo{i}", spans.Days[i].To);
            yield return $"""
                select {dayColumns}, first_hour, last_hour from ingest.usage_day
                where {matches} and day >= @daysFrom{i} and day < @daysTo{i}
                """;
        }

        yield return $"""
            {hours} from ingest.usage_delta
            where {matches} and hour >= @from and hour < @to and hour <> all(@excluded) and batch <= @watermark
            """;
    }

    /// <summary>A day that holds batches after the watermark tells nothing about it.</summary>
    private const string SettledSql = """
        select day
        from ingest.usage_day_state
        where meter = @meter and settled and batch <= @watermark and day >= @from and day < @to
        order by day
        """;

    private const string LatestColumns = """
        (array_agg(latest order by latest_at desc, latest_key desc))[1] as latest,
        max(latest_at) as latestAt,
        (array_agg(latest_key order by latest_at desc, latest_key desc))[1] as latestKey
        """;

    private const string NoLatestColumns = "null::numeric as latest, null::timestamptz as latestAt, null::uuid as latestKey";

    private sealed class HourSpan
    {
        public Instant? Earliest { get; init; }
        public Instant? Latest { get; init; }
    }

    private sealed class RollupRow
    {
        public int WindowIndex { get; init; }
        public string? Subject { get; init; }
        public string?[] Values { get; init; } = [];
        public Guid? DistinctKey { get; init; }
        public Instant FirstHour { get; init; }
        public Instant LastHour { get; init; }
        public long Count { get; init; }
        public decimal? Sum { get; init; }
        public decimal? Min { get; init; }
        public decimal? Max { get; init; }
        public decimal? Latest { get; init; }
        public Instant? LatestAt { get; init; }
        public Guid? LatestKey { get; init; }

        public void AddTo(UsageGroups groups)
        {
            var group = groups.Of(WindowIndex, Subject, Values[..groups.Dimensions.Length], FirstHour, LastHour);
            group.Parts.Merge(Count, Sum ?? 0m, Min ?? 0m, Max ?? 0m, Latest ?? 0m, LatestAt ?? default, LatestKey ?? default);
            if (DistinctKey is { } distinct)
            {
                group.DistinctKeys.Add(distinct);
            }
        }
    }
}
