using System.Globalization;
using System.Text.Json.Nodes;
using CsvHelper;

namespace Metering.Host.EventsImport;

/// <summary>Reads a CSV file row by row as CloudEvents. Without an id column ids are made of content (<see cref="ContentIds"/>).</summary>
internal sealed class CsvEventReader : IImportReader
{
    private const int MaxRowBytes = 1 << 20;

    private static readonly CsvReaderOptions Options = new()
    {
        MaxRecordSize = MaxRowBytes, TrackLineNumbers = true, MissingField = CsvMissingFieldHandling.ReturnEmpty,
    };

    private readonly ImportMapping mapping;
    private readonly CsvReader csv;
    private readonly ContentIds ids = new();

    private CsvEventReader(ImportMapping mapping, CsvReader csv)
    {
        this.mapping = mapping;
        this.csv = csv;
    }

    /// <exception cref="ImportException">The file is empty, or a column that the mapping names is not in it.</exception>
    public static async Task<CsvEventReader> OpenAsync(Stream file, ImportMapping mapping, CancellationToken cancellationToken)
    {
        var csv = CsvReader.Create(file, Options, leaveOpen: true);
        await csv.ReadHeaderAsync(cancellationToken);
        string?[] columns = [mapping.SubjectColumn, mapping.TimeColumn, mapping.IdColumn, .. mapping.Data.Select(item => item.Value)];
        foreach (var column in columns.OfType<string>().Where(column => !csv.Headers.Contains(column)))
        {
            throw new ImportException($"The file has no column '{column}'; it has {string.Join(", ", csv.Headers)}.");
        }

        return new CsvEventReader(mapping, csv);
    }

    /// <summary>Null at the end of the file.</summary>
    public async Task<ImportRow?> ReadAsync(CancellationToken cancellationToken)
    {
        if (!await csv.ReadAsync(cancellationToken))
        {
            return null;
        }

        // Before anything else: a row that is refused counts among its equals as well.
        var id = mapping.IdColumn is { } idColumn ? csv.GetString(idColumn) : IdOf();
        var row = $"Line {csv.LineNumber}";
        if (EventTime.TryRead(csv.GetString(mapping.TimeColumn!)) is not { } time)
        {
            return new ImportRow(row, null, $"'{csv.GetString(mapping.TimeColumn!)}' in column {mapping.TimeColumn} is not a time");
        }

        var data = new JsonObject();
        foreach (var (name, column) in mapping.Data)
        {
            if (csv.GetString(column) is { Length: > 0 } text)
            {
                data[name] = ValueOf(text);
            }
        }

        return new ImportRow(
            row,
            new JsonObject
            {
                ["specversion"] = "1.0",
                ["id"] = id,
                ["source"] = mapping.Source,
                ["type"] = mapping.Type,
                ["subject"] = mapping.Subject ?? csv.GetString(mapping.SubjectColumn!),
                ["time"] = time,
                ["data"] = data,
            },
            null);
    }

    public void Dispose() => csv.Dispose();

    private string IdOf()
    {
        // The separator can not be in a field of a text file, so that different rows never read the same.
        var fields = Enumerable.Range(0, csv.FieldCount).Select(csv.GetString);
        var content = string.Join('\0', fields.Prepend(mapping.Subject ?? "").Prepend(mapping.Type));
        return ids.Of(content);
    }

    /// <summary>What is written as a JSON number is one; anything else, such as 007, is text.</summary>
    private static JsonNode ValueOf(string text)
    {
        if (decimal.TryParse(text, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number)
            && number.ToString(CultureInfo.InvariantCulture) == text)
        {
            return JsonValue.Create(number);
        }

        return JsonValue.Create(text);
    }
}
