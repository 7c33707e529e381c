using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using Dapper;
using Metering.Ingest.Subjects;
using Metering.Ingest.Usage;
using Metering.Platform.Database;
using Metering.Platform.Http;
using Metering.Platform.Identifiers;
using NodaTime;

namespace Metering.Ingest.Events;

/// <summary>
/// Reads stored events, latest first. No index has the order of time, which would cost every event; block ranges find a span of time. So
/// the spans are read backwards, each twice as long as the one before, until there is enough:
/// <code>
///   |----------------------|-----------|-----|--|   where the page begins
/// </code>
/// However little passes the filters, every block is read once at most.
/// </summary>
internal sealed class EventListing(MeteringDatabase database, ISubjectOwners owners, EventValidation validation, IClock clock)
{
    private static readonly Duration FirstSpan = Duration.FromHours(1);
    private static readonly Duration Tick = Duration.FromTicks(10);

    /// <returns>At most the limit of the search and one more, which tells that there is more.</returns>
    public async Task<IReadOnlyList<EventRow>> ReadAsync(EventSearch search, CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(cancellationToken);
        var rows = new List<EventRow>();
        var after = search.After;
        var end = (after?.Key ?? search.To) + Tick;
        var width = FirstSpan;
        for (var start = Instant.Min(end, clock.GetCurrentInstant()) - width; end > search.From && rows.Count <= search.Limit; start = end - width)
        {
            start = Instant.Max(start, search.From);
            int asked;
            IReadOnlyList<EventRow> found;
            do
            {
                asked = search.Limit + 1 - rows.Count;
                found = await session.QueryAsync<EventRow>(SqlOf(search, after), ParametersOf(search, after, start, end, asked), cancellationToken);
                rows.AddRange(await ReadAgainAsync(search, found, cancellationToken));
                after = found.Count == asked ? found[^1].Cursor : after;
            }
            while (found.Count == asked && rows.Count <= search.Limit);
            end = start;
            width += width;
        }

        return rows;
    }

    /// <summary>What a meter could not read when it was recorded, it may read now that the meter was mended or is gone.</summary>
    private async Task<IEnumerable<EventRow>> ReadAgainAsync(
        EventSearch search, IReadOnlyList<EventRow> rows, CancellationToken cancellationToken)
    {
        if (!rows.Any(row => row.ValidationError is not null))
        {
            return rows;
        }

        var meters = await validation.CurrentMetersAsync(cancellationToken);
        return rows
            .Select(row => row.ValidationError is null ? row : row with { ValidationError = meters.ErrorOf(row.ToEvent()) })
            .Where(row => !search.FailedOnly || row.ValidationError is not null);
    }

    /// <summary>As OpenMeter shapes them, with the customer whose usage each is now.</summary>
    public async Task<ImmutableArray<IngestedEvent>> ShowAsync(IReadOnlyList<EventRow> rows, CancellationToken cancellationToken)
    {
        string[] subjects = [.. rows.Select(row => row.Subject).Distinct(StringComparer.Ordinal)];
        var owned = (await owners.OfSubjectsAsync(subjects, cancellationToken))
            .ToDictionary(owner => owner.Subject, owner => PublicId.Format(owner.CustomerId), StringComparer.Ordinal);
        return [.. rows.Select(row => row.Show(owned.GetValueOrDefault(row.Subject)))];
    }

    private static DynamicParameters ParametersOf(EventSearch search, Cursor<Instant>? after, Instant start, Instant end, int limit)
    {
        var parameters = new DynamicParameters(search.Parameters);
        parameters.Add("latest", Watermark.Latest);
        parameters.Add("start", start);
        parameters.Add("end", end);
        parameters.Add("afterKey", after?.Key);
        parameters.Add("afterId", after?.Id);
        parameters.Add("limit", limit);
        return parameters;
    }

    private static string SqlOf(EventSearch search, Cursor<Instant>? after) => $"""
        select e.key, e.id, e.source, e.type, e.subject, e.time, e.data, e.extensions, e.validation_error as validationError,
               e.recorded_at as recordedAt, e.voided, e.corrected_at as correctedAt
        from (
            select v.*, coalesce(b.recorded_at, f.closed_at) as recorded_at, c.recorded_at as corrected_at
            from ingest.event_version(@latest) v
            left join ingest.batch b on b.batch = v.batch
            left join ingest.batch c on c.batch = v.corrected_batch
            left join ingest.backfill f on f.event_batch = v.batch
        ) as e
        where e.time >= @start
          and e.time < @end
          {(after is null ? "" : "and (e.time, e.key) < (@afterKey, @afterId)")}
          {search.Conditions}
        order by e.time desc, e.key desc
        limit @limit
        """;
}

/// <summary>A stored event as it is listed.</summary>
internal sealed record EventRow(
    Guid Key, string Id, string Source, string Type, string Subject, Instant Time, string? Data, string? Extensions, string? ValidationError,
    Instant RecordedAt, bool Voided, Instant? CorrectedAt)
{
    public Cursor<Instant> Cursor => new(Time, Key);

    public UsageEvent ToEvent() => new(
        Id, Source, Type, Subject, Time, Data is null ? default : Encoding.UTF8.GetBytes(Data), Extensions, Key, default);

    public IngestedEvent Show(string? customerId)
    {
        var shown = EventJson.Element(Id, Source, Type, Subject, Time, Data, Extensions);
        return new IngestedEvent(shown, customerId, ValidationError, RecordedAt, RecordedAt, CorrectedAt, Voided ? true : null);
    }
}

/// <summary>OpenMeter's shape. Events are recorded as they are ingested; both times are the batch's.</summary>
/// <param name="CorrectedAt">Additive: when the event was last corrected; it is shown as it is counted since.</param>
/// <param name="Voided">Additive: true when the event is no longer counted.</param>
internal sealed record IngestedEvent(
    JsonElement Event, string? CustomerId, string? ValidationError, Instant IngestedAt, Instant StoredAt, Instant? CorrectedAt = null,
    bool? Voided = null);
