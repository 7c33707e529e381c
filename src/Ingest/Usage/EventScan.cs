using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using Metering.Ingest.Events;
using Metering.Ingest.Filters;
using Metering.Ingest.Meters;
using Metering.Ingest.Rollups;
using Metering.Platform.Database;
using NodaTime;
using Npgsql;

namespace Metering.Ingest.Usage;

/// <summary>Reads the events that a query counts and asks the meter about each, exactly as recording did.</summary>
internal sealed class EventScan(DbSession session, CompiledMeter meter, UsageQuery query)
{
    private readonly ImmutableArray<(int Index, ImmutableArray<string> Accepted)> filters =
        [.. query.Filters.Select(filter => (meter.DimensionNames.IndexOf(filter.Key), filter.Value))];

    private readonly ImmutableArray<(int Index, TextFilter Filter)> textFilters =
        [.. query.TextFilters.Select(filter => (meter.DimensionNames.IndexOf(filter.Key), filter.Value))];

    public async Task AddAsync(UsageSplit split, UsageGroups groups, CancellationToken cancellationToken)
    {
        int[] grouped = [.. groups.Dimensions.Select(name => meter.DimensionNames.IndexOf(name))];
        foreach (var (from, to) in split.EventSpans)
        {
            await foreach (var (counted, reading) in ReadAsync(from, to, inOrder: false, cancellationToken))
            {
                var hour = UsageCells.HourOf(counted.Time);
                string?[] values = [.. grouped.Select(index => reading.Dimensions[index])];
                var group = groups.Of(groups.WindowOf(counted.Time), counted.Subject, values, hour, hour);
                group.Parts.Add(reading.Value, counted.Time, counted.Key);
                if (reading.DistinctKey is { } distinct)
                {
                    group.DistinctKeys.Add(distinct);
                }
            }
        }
    }

    /// <summary>The events in [from, to) that the meter counts and the filters let through.</summary>
    public async IAsyncEnumerable<(CountedEvent Event, MeterReading.Counted Reading)> ReadAsync(
        Instant from, Instant to, bool inOrder, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(SqlOf(inOrder), session.Connection);
        command.Parameters.AddWithValue("type", meter.Meter.EventType);
        command.Parameters.AddWithValue("from", from.ToDateTimeUtc());
        command.Parameters.AddWithValue("to", to.ToDateTimeUtc());
        command.Parameters.AddWithValue("watermark", query.AsRecordedBy?.Batch ?? Watermark.Latest);
        command.Parameters.AddWithValue("subjects", query.Subjects.ToArray());
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            var counted = new CountedEvent(
                reader.GetGuid(0), Instant.FromDateTimeUtc(reader.GetDateTime(1)), reader.GetString(2),
                await reader.IsDBNullAsync(3, cancellationToken) ? null : reader.GetString(3));
            using var document = counted.Data is { } data ? JsonDocument.Parse(Encoding.UTF8.GetBytes(data), EventJson.DataOptions) : null;
            if (meter.Read(counted.Time, document?.RootElement ?? default) is MeterReading.Counted reading && Passes(reading))
            {
                yield return (counted, reading);
            }
        }
    }

    /// <summary>When the first and the last event are that could be counted; for a meter whose rollups do not tell yet.</summary>
    public async Task<(Instant? Earliest, Instant? Latest)> BoundsAsync(CancellationToken cancellationToken)
    {
        var bounds = await session.SingleAsync<Bounds>(
            BoundsSql, new { watermark = query.AsRecordedBy?.Batch ?? Watermark.Latest, meter.Meter.EventType, subjects = query.Subjects.ToArray() },
            cancellationToken);
        return (bounds.Earliest, bounds.Latest);
    }

    private bool Passes(MeterReading.Counted reading)
    {
        foreach (var (index, accepted) in filters)
        {
            if (reading.Dimensions[index] is not { } value || !accepted.Contains(value))
            {
                return false;
            }
        }

        foreach (var (index, filter) in textFilters)
        {
            if (!filter.Matches(reading.Dimensions[index]))
            {
                return false;
            }
        }

        return true;
    }

    private const string BoundsSql = """
        select min(time) as earliest, max(time) as latest
        from ingest.event_version(@watermark)
        where type = @EventType and not voided and (@subjects = '{}' or subject = any(@subjects))
        """;

    private string SqlOf(bool inOrder) => $"""
        select key, time, subject, data
        from ingest.event_version(@watermark)
        where type = @type
          and time >= @from
          and time < @to
          and not voided
          {(query.Subjects.IsEmpty ? "" : "and subject = any(@subjects)")}
        {(inOrder ? "order by time, id collate \"C\", key" : "")}
        """;

    private sealed class Bounds
    {
        public Instant? Earliest { get; init; }
        public Instant? Latest { get; init; }
    }
}

/// <summary>What a meter needs to know of an event, and which event it was.</summary>
internal readonly record struct CountedEvent(Guid Key, Instant Time, string Subject, string? Data);
