namespace Metering.Host.EventsImport;

/// <summary>Reads a file of JSON lines as CloudEvents. Empty lines are passed over.</summary>
internal sealed class NdjsonEventReader(Stream file, ImportMapping mapping) : IImportReader
{
    private readonly StreamReader lines = new(file, leaveOpen: true);
    private readonly ContentIds ids = new();
    private long number;

    public async Task<ImportRow?> ReadAsync(CancellationToken cancellationToken)
    {
        while (await lines.ReadLineAsync(cancellationToken) is { } line)
        {
            number++;
            if (!string.IsNullOrWhiteSpace(line))
            {
                return JsonLine.Read($"Line {number}", line, mapping, () => ids.Of($"{mapping.Type}\0{mapping.Subject}\0{line}"));
            }
        }

        return null;
    }

    public void Dispose() => lines.Dispose();
}
