using System.Diagnostics;
using System.Globalization;
using System.Text;
using Metering.Ingest.Usage;
using NodaTime;

namespace Metering.Ingest.Bench.Storage;

/// <summary>How long usage queries take over a month of many events.</summary>
internal sealed class QueryPart : BenchPart
{
    private const int Repeats = 60;
    private static readonly Instant Start = Instant.FromUtc(2026, 10, 1, 0, 0);
    private static readonly Instant End = Instant.FromUtc(2026, 10, 31, 0, 0);

    public override string Name => "query";

    public override string Question => $"usage over a month of {Ledger.Millions} million events";

    public override async Task<string> RunAsync(BenchServer server, CancellationToken cancellationToken)
    {
        await using var ledger = await Ledger.CreateAsync(server, EventIds.TimeOrdered, Ledger.Millions * 1_000_000L, cancellationToken);
        await ledger.FillAsync(Ledger.Millions * 1_000_000L, cancellationToken);
        await ledger.SettleAsync(cancellationToken);
        var table = new StringBuilder().Append(
            CultureInfo.InvariantCulture, $"{EventGenerator.DefaultSubjects:N0} customers; each query {Repeats} times, after a first one.\n\n")
            .Append("| query | rows | p50 ms | p99 ms |\n|---|---:|---:|---:|\n");
        var one = await MeasureAsync(table, "one customer, one meter, a month", number => Of("tokens", number), ledger, cancellationToken);
        await MeasureAsync(table, "the same by day", number => Of("tokens", number) with { Window = UsageWindow.Day }, ledger, cancellationToken);
        await MeasureAsync(
            table, "the same, from and to within an hour", 
            number => Of("tokens", number) with { From = Ragged(Start), To = Ragged(End) - Duration.FromDays(1) }, ledger, cancellationToken);
        var top = await MeasureAsync(
            table, "top 100 customers, a month", _ => new UsageQuery("tokens", Start, End) { GroupBy = ["subject"] }, ledger, cancellationToken);
        await MeasureAsync(
            table, "top 100 customers by requests", _ => new UsageQuery("requests", Start, End) { GroupBy = ["subject"] }, ledger, cancellationToken);
        return table.Append("\n| bar (p50, ms) | asked | measured | |\n|---|---:|---:|---|\n")
            .Append(Report.Bar("one customer and meter over a month", one, "< 20", one < 20))
            .Append(Report.Bar("top 100 customers", top, "< 200", top < 200)).ToString();
    }

    private static UsageQuery Of(string meter, int number) =>
        new(meter, Start, End) { Subjects = [EventGenerator.SubjectOf(number * 19 % EventGenerator.DefaultSubjects)] };

    private static Instant Ragged(Instant hour) => hour + Duration.FromMinutes(17);

    private static async Task<double> MeasureAsync(
        StringBuilder table, string name, Func<int, UsageQuery> query, Ledger ledger, CancellationToken cancellationToken)
    {
        var times = new List<double>();
        var rows = 0;
        for (var i = 0; i <= Repeats; i++)
        {
            var started = Stopwatch.GetTimestamp();
            var answer = await ledger.Usage.ReadAsync(query(i), cancellationToken);
            var top = answer.OrderByDescending(row => row.Value).Take(100).ToArray();
            times.Add(Stopwatch.GetElapsedTime(started).TotalMilliseconds);
            rows = top.Length;
        }

        var sorted = times.Skip(1).Order().ToArray();
        table.Append(
            CultureInfo.InvariantCulture, $"| {name} | {rows} | {sorted[sorted.Length / 2]:F1} | {sorted[sorted.Length * 99 / 100]:F1} |\n");
        return sorted[sorted.Length / 2];
    }
}
