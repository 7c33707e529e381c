namespace Metering.Host.EventsImport;

/// <summary>Streams a file to <c>POST /api/v1/events</c> in batches, and adds up what became of its rows.</summary>
/// <param name="backfill">The id of an open backfill that takes the events; null sends them to be counted at once.</param>
public sealed class EventImport(HttpClient client, ImportMapping mapping, string? backfill = null)
{
    private const int MaxAttempts = 8;

    private readonly EventSender sender = new(client, MaxAttempts, backfill);

    /// <summary>Rows of a file that an earlier run has sent already: they are read, so that ids come out the same, and not sent again.</summary>
    public long AlreadySent { get; init; }

    /// <param name="reached">Told the position in the stream, and how many rows are safe, after each batch.</param>
    /// <exception cref="ImportException">The file does not fit the mapping, or the server refuses or does not answer.</exception>
    public async Task<ImportSummary> RunAsync(
        Stream file, ImportFormat format, Action<long, long> reached, CancellationToken cancellationToken)
    {
        using IImportReader reader = format switch
        {
            ImportFormat.Csv => await CsvEventReader.OpenAsync(file, mapping, cancellationToken),
            ImportFormat.Ndjson => new NdjsonEventReader(file, mapping),
        };
        var summary = ImportSummary.Empty;
        var batch = new List<ImportRow>(EventSender.BatchRows);
        var rows = 0L;
        while (await reader.ReadAsync(cancellationToken) is { } row)
        {
            if (++rows <= AlreadySent)
            {
                continue;
            }

            if (row.Event is not null)
            {
                batch.Add(row);
            }
            else
            {
                summary = row.Problem is null ? summary with { Skipped = summary.Skipped + 1 } : summary.Reject($"{row.Place}: {row.Problem}.");
            }

            if (batch.Count == EventSender.BatchRows)
            {
                summary = await sender.SendAsync(batch, summary, cancellationToken);
                batch.Clear();
                reached(file.Position, rows);
            }
        }

        summary = await sender.SendAsync(batch, summary, cancellationToken);
        reached(file.Position, rows);
        return summary;
    }
}
