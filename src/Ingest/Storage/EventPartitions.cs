using Metering.Platform.Database;
using NodaTime;
using Npgsql;

namespace Metering.Ingest.Storage;

/// <summary>
/// Makes the months into which events are recorded, before they begin. An event whose month is missing is recorded all the same, beside the
/// months, and moves when its month is made.
/// </summary>
internal sealed class EventPartitions(MeteringDatabase database)
{
    public const int MonthsBack = 1;
    public const int MonthsAhead = 3;

    /// <summary>So many events of a month that has no partition are worth one: somebody brings in an earlier year.</summary>
    public const int WorthAMonth = 10_000;

    /// <summary>How long what a month already has may take to move there.</summary>
    private const int MoveSeconds = 600;

    /// <returns>How many were made.</returns>
    public async Task<int> MakeAsync(Instant now, CancellationToken cancellationToken)
    {
        var months = new List<Instant>(Enumerable.Range(-MonthsBack, MonthsBack + MonthsAhead + 1).Select(months => MonthOf(now, months)));
        months.AddRange(await BusyMonthsAsync(cancellationToken));
        var made = 0;
        foreach (var month in months)
        {
            made += await MakeOneAsync(month, cancellationToken) ? 1 : 0;
        }

        return made;
    }

    /// <summary>
    /// In a transaction of its own. Whoever reads what lies beside the months is waited for, and nobody is kept waiting behind that for
    /// longer than a moment: it is tried again later, and until then nothing is lost.
    /// </summary>
    private async Task<bool> MakeOneAsync(Instant month, CancellationToken cancellationToken)
    {
        await using var session = await database.BeginAsync(cancellationToken);
        if (await session.SingleAsync<bool>(ExistsSql, new { month }, cancellationToken))
        {
            return false;
        }

        await session.ExecuteAsync("set local lock_timeout = '2s'", null, cancellationToken);
        await using var command = new NpgsqlCommand("select ingest.make_event_partition(@month)", session.Connection);
        command.CommandTimeout = MoveSeconds;
        command.Parameters.AddWithValue("month", month.ToDateTimeUtc());
        var made = (bool)(await command.ExecuteScalarAsync(cancellationToken))!;
        await session.CommitAsync(cancellationToken);
        return made;
    }

    private async Task<IReadOnlyList<Instant>> BusyMonthsAsync(CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(cancellationToken);
        return await session.QueryAsync<Instant>(BusySql, new { WorthAMonth }, cancellationToken);
    }

    private static Instant MonthOf(Instant now, int months) =>
        now.InUtc().Date.With(DateAdjusters.StartOfMonth).PlusMonths(months).AtMidnight().InUtc().ToInstant();

    private const string ExistsSql = "select to_regclass('ingest.event_' || to_char(@month at time zone 'UTC', 'YYYY_MM')) is not null";

    private const string BusySql = """
        select date_trunc('month', time at time zone 'UTC') at time zone 'UTC' as month
        from ingest.event_other
        group by month
        having count(*) >= @WorthAMonth
        order by month
        """;
}
