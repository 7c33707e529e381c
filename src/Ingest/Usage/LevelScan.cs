using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using Metering.Ingest.Events;
using Metering.Ingest.Meters;
using Metering.Ingest.Rollups;
using Metering.Platform.Database;
using NodaTime;
using Npgsql;

namespace Metering.Ingest.Usage;

/// <summary>
/// Reads the values of a level. A subject with each combination of its dimension values is a series of its own, whatever is asked to be grouped;
/// the integrals of the series are what is added up. The rollups hold every value, with its time: they answer parts of hours too, and the events
/// answer only hours that are folded past the watermark or are to be made anew, and everything while the meter still counts stored events.
/// </summary>
internal sealed class LevelScan(DbSession session, CompiledMeter meter, UsageQuery query, RollupScan rollups, bool incomplete)
{
    public async Task AddAsync(
        Instant from, Instant to, ImmutableArray<Instant> boundaries, UsageGroups groups, CancellationToken cancellationToken)
    {
        var folded = await rollups.UntoldAsync(EventLimits.EarliestTime, CeilingOf(to), cancellationToken);
        var ofEvents = await EventPointsAsync(folded, to, cancellationToken);
        int[] grouped = [.. groups.Dimensions.Select(name => meter.DimensionNames.IndexOf(name))];
        LevelIntegral Begin(Series series)
        {
            string?[] values = [.. grouped.Select(series.Values.Of)];
            return new LevelIntegral(from, to, boundaries, (window, weighted) => groups
                .Of(window, series.Subject, values, UsageCells.HourOf(from), UsageCells.HourOf(to - Duration.FromTicks(1)))
                .Weigh(weighted));
        }

        Series? current = null;
        LevelIntegral? integral = null;
        await foreach (var (series, point) in RollupPointsAsync(from, to, folded, cancellationToken))
        {
            if (current != series)
            {
                Finish(integral, current, ofEvents);
                (current, integral) = (series, Begin(series));
            }

            Advance(integral!, ofEvents.GetValueOrDefault(series), point);
            integral!.Add(point.At, point.Value);
        }

        Finish(integral, current, ofEvents);
        foreach (var series in ofEvents.Keys.ToArray())
        {
            Finish(Begin(series), series, ofEvents);
        }
    }

    /// <summary>The values that the events add, up to one that the rollups have.</summary>
    private static void Advance(LevelIntegral integral, Queue<Point>? points, Point? until)
    {
        while (points is not null && points.TryPeek(out var next) && (until is not { } last || next.CompareTo(last) < 0))
        {
            points.Dequeue();
            integral.Add(next.At, next.Value);
        }
    }

    private static void Finish(LevelIntegral? integral, Series? series, Dictionary<Series, Queue<Point>> ofEvents)
    {
        if (integral is not null && series is { } finished)
        {
            ofEvents.Remove(finished, out var rest);
            Advance(integral, rest, null);
            integral.End();
        }
    }

    private async Task<Dictionary<Series, Queue<Point>>> EventPointsAsync(
        IReadOnlyList<Instant> hours, Instant to, CancellationToken cancellationToken)
    {
        var points = new Dictionary<Series, List<Point>>();
        var scan = new EventScan(session, meter, query);
        var split = incomplete
            ? UsageSplit.EventsOnly(EventLimits.EarliestTime, to)
            : UsageSplit.Of(EventLimits.EarliestTime, CeilingOf(to), [], hours);
        foreach (var (start, end) in split.EventSpans)
        {
            await foreach (var (counted, reading) in scan.ReadAsync(start, Instant.Min(end, to), inOrder: false, cancellationToken))
            {
                var series = new Series(counted.Subject, new DimensionValues([.. reading.Dimensions]));
                if (!points.TryGetValue(series, out var ofSeries))
                {
                    points.Add(series, ofSeries = []);
                }

                ofSeries.Add(new Point(counted.Time, counted.Key, reading.Value));
            }
        }

        return points.ToDictionary(item => item.Key, item => new Queue<Point>(item.Value.Order()));
    }

    private static Instant CeilingOf(Instant to) => UsageCells.HourOf(to) + Duration.FromHours(1);

    /// <summary>By series and in order: the last value before the span, and every value in it.</summary>
    private async IAsyncEnumerable<(Series Series, Point Point)> RollupPointsAsync(
        Instant from, Instant to, IReadOnlyList<Instant> excluded,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (incomplete)
        {
            yield break;
        }

        await using var command = new NpgsqlCommand(PointsSql(), session.Connection);
        command.Parameters.AddWithValue("meter", meter.Meter.Number);
        command.Parameters.AddWithValue("watermark", query.AsRecordedBy?.Batch ?? long.MaxValue);
        command.Parameters.AddWithValue("subjects", query.Subjects.ToArray());
        command.Parameters.AddWithValue("names", meter.DimensionNames.ToArray());
        command.Parameters.AddWithValue("from", from.ToDateTimeUtc());
        command.Parameters.AddWithValue("to", to.ToDateTimeUtc());
        command.Parameters.AddWithValue("excluded", excluded.Select(hour => hour.ToDateTimeUtc()).ToArray());
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        Series? current = null;
        var passes = false;
        while (await reader.ReadAsync(cancellationToken))
        {
            var series = new Series(reader.GetString(0), new DimensionValues(await reader.GetFieldValueAsync<string?[]>(1, cancellationToken)));
            passes = current == series ? passes : Passes(series);
            current = series;
            if (passes)
            {
                yield return (
                    series, new Point(Instant.FromDateTimeUtc(reader.GetDateTime(2)), reader.GetGuid(3), reader.GetDecimal(4)));
            }
        }
    }

    private bool Passes(Series series) =>
        query.Filters.All(filter => ValueOf(series, filter.Key) is { } value && filter.Value.Contains(value))
        && query.TextFilters.All(filter => filter.Value.Matches(ValueOf(series, filter.Key)));

    private string? ValueOf(Series series, string dimension) => series.Values.Of(meter.DimensionNames.IndexOf(dimension));

    private string PointsSql()
    {
        var which = query.Subjects.IsEmpty ? "meter = @meter" : "meter = @meter and subject = any(@subjects)";
        const string Columns = """
            subject, array(select dimensions ->> name from unnest(@names) with ordinality as d (name, place) order by place) as values,
            latest_at, latest_key, latest
            """;
        return $"""
            with value as not materialized (
                select {Columns} from ingest.usage_hour where {which} and hour < @to and hour <> all(@excluded) and latest_at < @to
                union all
                select {Columns} from ingest.usage_delta
                where {which} and hour < @to and hour <> all(@excluded) and latest_at < @to and batch <= @watermark
            ),
            carried as (
                select distinct on (subject, values) *
                from value
                where latest_at < @from
                order by subject, values, latest_at desc, latest_key desc
            )
            select * from value where latest_at >= @from
            union all
            select * from carried
            order by subject, values, latest_at, latest_key
            """;
    }

    private readonly record struct Series(string Subject, DimensionValues Values);

    private readonly record struct Point(Instant At, Guid Key, decimal Value) : IComparable<Point>
    {
        public int CompareTo(Point other) => At != other.At ? At.CompareTo(other.At) : Key.CompareTo(other.Key);
    }
}
