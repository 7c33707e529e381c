using System.Collections.Immutable;
using Metering.Ingest.Events;
using Metering.Ingest.Meters;
using Metering.Ingest.Rollups;
using Metering.Ingest.Subjects;
using Metering.Platform.Database;
using NodaTime;

namespace Metering.Ingest.Usage;

/// <summary>Answers usage queries.</summary>
public sealed class UsageReader(MeteringDatabase database, ISubjectOwners owners, IClock clock)
{
    /// <summary>Groups by subject; the other dimensions are the meter's.</summary>
    public const string SubjectDimension = "subject";

    /// <summary>Groups by the customer whose subject it is, as of now.</summary>
    public const string CustomerDimension = "customer_id";

    /// <summary>Bounds an answer in both directions: windows, and rows.</summary>
    public const int MaxRows = 100_000;

    /// <summary>Bounds how many transactions one line can have that are priced one by one.</summary>
    public const int MaxAmounts = 1_000_000;

    /// <summary>The rows in order of start, subject and dimension values.</summary>
    /// <exception cref="InvalidOperationException">The query names no meter, or asks for more than <see cref="MaxRows"/>.</exception>
    public async Task<ImmutableArray<UsageRow>> ReadAsync(UsageQuery query, CancellationToken cancellationToken) =>
        await AnswerAsync(query, cancellationToken) switch
        {
            UsageAnswer.Rows rows => rows.Values,
            UsageAnswer.TooFine => throw new InvalidOperationException($"A usage query of {query.MeterSlug} asks for more than {MaxRows} rows."),
            _ => throw new InvalidOperationException($"There is no meter {query.MeterSlug}."),
        };

    /// <summary>
    /// What each event counts for, in order of time and id: one event is one transaction. For meters that sum; windows and groups of the query
    /// are not looked at.
    /// </summary>
    /// <exception cref="InvalidOperationException">The query names no meter, or there are more than <see cref="MaxAmounts"/> events.</exception>
    public async Task<ImmutableArray<decimal>> ReadEachAsync(UsageQuery query, CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(cancellationToken);
        var meter = await MeterCatalog.FindAsync(query.MeterSlug, session, cancellationToken)
            ?? throw new InvalidOperationException($"There is no meter {query.MeterSlug}.");
        var (from, to) = (query.From ?? EventLimits.EarliestTime, query.To ?? EventLimits.LatestTime);
        var amounts = ImmutableArray.CreateBuilder<decimal>();
        await foreach (var (_, reading) in new EventScan(session, new CompiledMeter(meter), query)
            .ReadAsync(Instant.Max(from, EventLimits.EarliestTime), Instant.Min(to, EventLimits.LatestTime), inOrder: true, cancellationToken))
        {
            if (amounts.Count == MaxAmounts)
            {
                throw new InvalidOperationException($"A usage query of {query.MeterSlug} asks for the amounts of more than {MaxAmounts} events.");
            }

            amounts.Add(reading.Value);
        }

        return amounts.DrainToImmutable();
    }

    /// <summary>
    /// A watermark that no batch still being written can slip under: reading with it again gives the same answer for ever. It has everything that
    /// was answered before; batches that are underway are waited for, and none waits for this.
    /// </summary>
    public async Task<Watermark> CurrentWatermarkAsync(CancellationToken cancellationToken)
    {
        await using var session = await database.BeginAsync(cancellationToken);
        return await CurrentWatermarkAsync(session, cancellationToken);
    }

    /// <summary>The latest such watermark that can be told without waiting.</summary>
    internal async Task<Watermark> SettledWatermarkAsync(CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(cancellationToken);
        return new Watermark(await session.SingleAsync<long>("select ingest.settled_batch()", null, cancellationToken));
    }

    /// <summary>
    /// The watermark of what had been recorded before an instant that is not later than now: the same instant has the same watermark for ever.
    /// Two writers read the clock before they commit, so the latest batches before the instant are looked through for the greatest number.
    /// </summary>
    public async Task<Watermark> WatermarkBeforeAsync(Instant instant, CancellationToken cancellationToken)
    {
        await using var session = await database.BeginAsync(cancellationToken);
        await CurrentWatermarkAsync(session, cancellationToken);
        return new Watermark(await session.SingleAsync<long>(BeforeSql, new { instant }, cancellationToken));
    }

    internal static async Task<Watermark> CurrentWatermarkAsync(DbSession session, CancellationToken cancellationToken) =>
        new(await session.SingleAsync<long>("select ingest.await_batches()", null, cancellationToken));

    internal async Task<UsageAnswer> AnswerAsync(UsageQuery query, CancellationToken cancellationToken)
    {
        await using var session = await database.BeginAsync(cancellationToken);

        // One snapshot for all that is read: folding may move rows from one table to the other meanwhile.
        await session.ExecuteAsync("set transaction isolation level repeatable read read only", null, cancellationToken);
        if (await MeterCatalog.FindAsync(query.MeterSlug, session, cancellationToken) is not { } meter)
        {
            return new UsageAnswer.NoSuchMeter();
        }

        var rollups = new RollupScan(session, meter, query);
        var compiled = new CompiledMeter(meter);
        var scan = new EventScan(session, compiled, query);
        var incomplete = meter.Backfill is { IsRunning: true };
        var (from, to) = await SpanAsync(incomplete ? scan.BoundsAsync : rollups.HoursWithUsageAsync, meter, query, cancellationToken);
        if (from >= to)
        {
            return new UsageAnswer.Rows([]);
        }

        var windows = query.Window is { } window ? new WindowGrid(window, query.Zone).Cover(from, to, MaxRows) : [];
        if (windows is not { } boundaries)
        {
            return new UsageAnswer.TooFine();
        }

        var groups = new UsageGroups(query, meter.Aggregation, boundaries);
        if (meter.Aggregation == Aggregation.WeightedSum)
        {
            await new LevelScan(session, compiled, query, rollups, incomplete).AddAsync(from, to, boundaries, groups, cancellationToken);
            return await RowsAsync(groups, cancellationToken);
        }

        var split = incomplete || query.Window == UsageWindow.Minute
            ? UsageSplit.EventsOnly(from, to)
            : UsageSplit.Of(from, to, boundaries, await rollups.UntoldAsync(from, to, cancellationToken));
        await rollups.AddAsync(split, groups, boundaries, cancellationToken);
        await scan.AddAsync(split, groups, cancellationToken);
        return await RowsAsync(groups, cancellationToken);
    }

    private async Task<UsageAnswer> RowsAsync(UsageGroups groups, CancellationToken cancellationToken)
    {
        if (groups.Count > MaxRows)
        {
            return new UsageAnswer.TooFine();
        }

        if (groups.ByCustomer)
        {
            groups.AttributeTo(await owners.OfSubjectsAsync(groups.Subjects, cancellationToken));
        }

        return new UsageAnswer.Rows(groups.ToRows());
    }

    private const string BeforeSql = """
        select coalesce(max(batch), 0)
        from ingest.batch
        where recorded_at < @instant
          and recorded_at >= (select max(recorded_at) from ingest.batch where recorded_at < @instant) - interval '1 minute'
        """;

    /// <summary>
    /// What was asked, or where it is open the hours in which the meter has usage; never beyond the times an event can have. A level holds
    /// until now and no further, whatever is asked.
    /// </summary>
    private async Task<(Instant From, Instant To)> SpanAsync(
        Func<CancellationToken, Task<(Instant? Earliest, Instant? Latest)>> boundsOf, Meter meter, UsageQuery query,
        CancellationToken cancellationToken)
    {
        var from = query.From;
        var to = query.To;
        if (meter.Aggregation == Aggregation.WeightedSum)
        {
            var now = clock.GetCurrentInstant();
            to = to < now ? to : now;
        }

        if (from is null || to is null)
        {
            var (earliest, latest) = await boundsOf(cancellationToken);
            from ??= earliest is { } first ? UsageCells.HourOf(first) : EventLimits.LatestTime;
            to ??= latest is { } hour ? UsageCells.HourOf(hour) + Duration.FromHours(1) : EventLimits.EarliestTime;
        }

        return (Instant.Max(from.Value, EventLimits.EarliestTime), Instant.Min(to.Value, EventLimits.LatestTime));
    }
}

/// <summary>What came of a usage query.</summary>
internal abstract record UsageAnswer
{
    private UsageAnswer()
    {
    }

    public sealed record NoSuchMeter : UsageAnswer;

    /// <summary>More windows or rows than <see cref="UsageReader.MaxRows"/>.</summary>
    public sealed record TooFine : UsageAnswer;

    public sealed record Rows(ImmutableArray<UsageRow> Values) : UsageAnswer;
}
