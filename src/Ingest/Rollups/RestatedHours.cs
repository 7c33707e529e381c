using Metering.Platform.Database;
using NodaTime;

namespace Metering.Ingest.Rollups;

/// <summary>Hours that have to be made anew. From the transaction that marks them until that has happened, their events answer.</summary>
internal static class RestatedHours
{
    /// <summary>Stands for every subject of the hour.</summary>
    public const string AllSubjects = "";

    public static Task MarkAsync(
        DbSession session, long batch, IReadOnlyCollection<(int Meter, Instant Hour, string Subject)> hours, CancellationToken cancellationToken)
    {
        var sorted = hours.Distinct().Order().ToArray();
        var parameters = new
        {
            batch,
            meters = sorted.Select(hour => hour.Meter).ToArray(),
            hours = sorted.Select(hour => hour.Hour.ToDateTimeUtc()).ToArray(),
            subjects = sorted.Select(hour => hour.Subject).ToArray(),
        };
        return session.ExecuteAsync(MarkSql, parameters, cancellationToken);
    }

    private const string MarkSql = """
        insert into ingest.restated_hour as r (meter, hour, subject, batch, pending)
        select h.meter, h.hour, h.subject, @batch, true
        from unnest(@meters, @hours, @subjects) as h (meter, hour, subject)
        on conflict (meter, hour, subject) do update
        set batch = greatest(r.batch, excluded.batch), pending = true
        """;
}
