using System.Globalization;
using System.Text;
using Metering.Ingest.Usage;
using Metering.Platform.Database;
using Metering.Platform.Security;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using NodaTime;

namespace Metering.Ingest.Events;

/// <summary><c>GET /api/v1/debug/metrics</c>: how many events each subject has since midnight UTC, as OpenMetrics text.</summary>
internal static class GetDebugMetrics
{
    /// <summary>The busiest ones.</summary>
    private const int MaxSubjects = 10_000;

    public static void MapGetDebugMetrics(this IEndpointRouteBuilder routes) =>
        routes.MapGet("/api/v1/debug/metrics", GetAsync).RequireScope(Scope.UsageRead)
            .WithName("getDebugMetrics").WithSummary("Read how many events came in, as OpenMetrics text").Produces<string>(200, "text/plain");

    private static async Task<IResult> GetAsync(MeteringDatabase database, IClock clock, CancellationToken cancellationToken)
    {
        var now = clock.GetCurrentInstant();
        var midnight = now.InUtc().Date.AtStartOfDayInZone(DateTimeZone.Utc).ToInstant();
        await using var session = await database.OpenAsync(cancellationToken);
        var counts = await session.QueryAsync<SubjectCount>(CountSql, new { midnight, now, MaxSubjects, Watermark.Latest }, cancellationToken);
        var text = new StringBuilder("# HELP openmeter_events Number of ingested events\n# TYPE openmeter_events counter\n");
        foreach (var (subject, events) in counts)
        {
            text.Append(CultureInfo.InvariantCulture, $"openmeter_events_total{{subject=\"{Escape(subject)}\"}} {events}\n");
        }

        return Results.Text(text.Append("# EOF\n").ToString(), "text/plain; charset=utf-8");
    }

    private static string Escape(string label) => label
        .Replace("\\", "\\\\", StringComparison.Ordinal)
        .Replace("\"", "\\\"", StringComparison.Ordinal)
        .Replace("\n", "\\n", StringComparison.Ordinal);

    private const string CountSql = """
        select subject, count(*) as events
        from ingest.event_version(@Latest)
        where time >= @midnight and time <= @now and not voided
        group by subject
        order by events desc, subject collate "C"
        limit @MaxSubjects
        """;

    private sealed record SubjectCount(string Subject, long Events);
}
