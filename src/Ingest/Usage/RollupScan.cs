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
            select min(hour) as earliest, max(hour) as latest
            from (
                select min(hour) as hour from ingest.usage_hour where {matches}
                union all select max(hour) from ingest.usage_hour where {matches}
                union all select min(hour) from ingest.usage_delta where {matches}
                union all select max(hour) from ingest.usage_delta where {matches}
                union all select min(hour) from ingest.restated_hour where {restated}
                union all select max(hour) from ingest.restated_hour where {restated}
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
        var starts = boundaries.IsEmpty ? [split.RollupFrom] : boundaries;
        parameters.Add("starts", starts.Select(start => start.ToDateTimeUtc()).ToArray());
        foreach (var row in await session.QueryAsync<RollupRow>(SumSql(groups), parameters, cancellationToken))
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

    private string SumSql(UsageGroups groups)
    {
        string[] names = [.. groups.Dimensions, .. query.TextFilters.Keys];
        for (var i = 0; i < names.Length; i++)
        {
            parameters.Add($"dimension{i}", names[i]);
        }

        var dimensions = string.Join(", ", names.Select((_, index) => $"dimensions ->> @dimension{index}"));
        var columns = $"""
            hour, width_bucket(hour, @starts) - 1 as window_index, {(groups.BySubject ? "subject" : "null::text")} as subject,
            array[{dimensions}]::text[] as values, {(meter.Aggregation == Aggregation.UniqueCount ? "distinct_key" : "null::uuid")} as distinct_key,
            count, sum, min, max, latest, latest_at, latest_key
            """;
        var within = $"{matches} and hour >= @from and hour < @to and hour <> all(@excluded)";
        return $"""
            select window_index as windowIndex, subject, values, distinct_key as distinctKey,
                   min(hour) as firstHour, max(hour) as lastHour, sum(count)::bigint as count, sum(sum) as sum, min(min) as min, max(max) as max,
                   {(meter.Aggregation == Aggregation.Latest ? LatestColumns : NoLatestColumns)}
            from (
                select {columns} from ingest.usage_hour where {within}
                union all
                select {columns} from ingest.usage_delta where {within} and batch <= @watermark
            ) as parts
            group by window_index, subject, values, distinct_key
            """;
    }

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
