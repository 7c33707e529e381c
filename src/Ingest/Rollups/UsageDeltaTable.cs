using Metering.Ingest.Meters;
using Metering.Ingest.Recording;
using Metering.Platform.Database;

namespace Metering.Ingest.Rollups;

/// <summary>Appends cells to the deltas by COPY: a tenth of what an upsert costs, and nothing to contend for.</summary>
internal static class UsageDeltaTable
{
    private const short Columns = 14;

    public static async Task AppendAsync(DbSession session, long batch, UsageCells cells, CancellationToken cancellationToken)
    {
        if (cells.Count == 0)
        {
            return;
        }

        await using var rows = await CopyRows.BeginAsync(session, CopySql, cancellationToken);
        foreach (var cell in cells.All)
        {
            await rows.StartRowAsync(Columns, cancellationToken);
            Write(rows, batch, cell);
        }

        await rows.CompleteAsync(cancellationToken);
    }

    private static void Write(CopyRows rows, long batch, UsageCell cell)
    {
        var parts = cell.Parts;
        rows.Write(cell.Meter.Meter.Number);
        rows.Write(cell.Subject);
        rows.Write(cell.Hour);
        rows.Write(cell.Cell);
        rows.Write(batch);
        rows.Write(cell.Dimensions);
        rows.Write(cell.DistinctKey);
        rows.Write(parts.Count);

        // Only what the aggregation is computed from: the rest is null and takes no room.
        var aggregation = cell.Meter.Meter.Aggregation;
        var latest = aggregation is Aggregation.Latest or Aggregation.WeightedSum;
        rows.Write(aggregation is Aggregation.Sum or Aggregation.Average ? parts.Sum : null);
        rows.Write(aggregation == Aggregation.Min ? parts.Min : null);
        rows.Write(aggregation == Aggregation.Max ? parts.Max : null);
        rows.Write(latest ? parts.Latest : null);
        rows.Write(latest ? parts.LatestAt : null);
        rows.Write(latest ? parts.LatestKey : null);
    }

    private const string CopySql = """
        copy ingest.usage_delta (
            meter, subject, hour, cell, batch, dimensions, distinct_key, count, sum, min, max, latest, latest_at, latest_key)
        from stdin (format binary)
        """;
}
