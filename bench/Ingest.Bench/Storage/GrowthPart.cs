using System.Globalization;
using System.Text;

namespace Metering.Ingest.Bench.Storage;

/// <summary>What an event costs when there are many already, and how much room it takes.</summary>
internal sealed class GrowthPart : BenchPart
{
    private const long Window = 1_000_000;

    public override string Name => "growth";

    public override string Question => $"PostgreSQL's part at 1 and at {Ledger.Millions} million events, folding included";

    public override async Task<string> RunAsync(BenchServer server, CancellationToken cancellationToken)
    {
        var table = new StringBuilder("| ids | events before | PostgreSQL µs/event | WAL B/event |\n|---|---:|---:|---:|\n");
        var bars = new StringBuilder("\n| bar | asked | measured | |\n|---|---:|---:|---|\n");
        var sizes = new StringBuilder();
        foreach (var ids in Enum.GetValues<EventIds>())
        {
            var name = ids == EventIds.Random ? "random (UUIDv4)" : "time-ordered (UUIDv7)";
            var ledger = await Ledger.CreateAsync(server, ids, Ledger.Millions * 1_000_000L, cancellationToken);
            await using (ledger)
            {
                var (first, last) = (0.0, 0.0);
                for (var million = 0; million <= Ledger.Millions; million++)
                {
                    var wal = await server.WalPositionAsync(cancellationToken);
                    var started = server.ProcessorTime();
                    await ledger.FillAsync(Window, cancellationToken);
                    last = (server.ProcessorTime() - started).TotalMicroseconds / Window;
                    var written = (double)(await server.WalPositionAsync(cancellationToken) - wal) / Window;
                    Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  {name}: {million} M: {last:F2} µs, {written:F0} B WAL"));
                    if (million == 1)
                    {
                        first = last;
                    }

                    if (million == 1 || million % 5 == 0)
                    {
                        table.Append(CultureInfo.InvariantCulture, $"| {name} | {million} M | {last:F2} | {written:F0} |\n");
                    }
                }

                bars.Append(Report.Bar($"CPU at {Ledger.Millions} M of that at 1 M, {name}", last / first, "≤ 1.4", last <= 1.4 * first));
                await ledger.SettleAsync(cancellationToken);
                var (text, perEvent) = await SizesAsync(ledger, cancellationToken);
                sizes.Append(CultureInfo.InvariantCulture, $"\n{name}: {text}\n");
                var json = (double)ledger.JsonBytes / ledger.Events;
                bars.Append(Report.Bar($"tables and indexes of an event's JSON, {name}", perEvent / json, "≤ 1.1", perEvent <= 1.1 * json));
            }
        }

        return table.Append(sizes).Append(bars).ToString();
    }

    private static async Task<(string Text, double PerEvent)> SizesAsync(Ledger ledger, CancellationToken cancellationToken)
    {
        var events = await PerEventAsync("sum(pg_total_relation_size(relid)) from pg_partition_tree('ingest.recorded_event') where isleaf");
        var keys = await PerEventAsync("pg_relation_size('ingest.event_key')");
        var index = await PerEventAsync("pg_indexes_size('ingest.event_key')");
        var hours = await PerEventAsync("pg_total_relation_size('ingest.usage_hour') + pg_total_relation_size('ingest.usage_delta')");
        var days = await PerEventAsync("pg_total_relation_size('ingest.usage_day')");
        var text = string.Create(
            CultureInfo.InvariantCulture,
            $"{(double)ledger.JsonBytes / ledger.Events:F0} B of JSON an event; stored {events:F0} B event and block index, {keys:F0} B key, "
            + $"{index:F0} B index of keys; roll-ups, which grow with cells and not with events, are {hours:F0} B in hours and {days:F0} B in days.");
        return (text, events + keys + index);

        async Task<double> PerEventAsync(string size) => (double)await ledger.ScalarAsync($"select {size}", cancellationToken) / ledger.Events;
    }
}
