using System.Text;

namespace Metering.Platform.Http;

/// <summary>Rows of RFC 4180 text that a spreadsheet may open.</summary>
public static class CsvText
{
    public static StringBuilder AppendCsvRow(this StringBuilder csv, IEnumerable<string?> fields) =>
        csv.AppendJoin(',', fields.Select(Quote)).Append("\r\n");

    /// <summary>For fields that customers may have named themselves: they must not become a formula in a spreadsheet.</summary>
    public static string? Inert(string? value) => value is ['=' or '+' or '-' or '@' or '\t' or '\r', ..] ? "'" + value : value;

    private static string Quote(string? value) =>
        value is null ? ""
        : value.AsSpan().ContainsAny(",\"\r\n") ? $"\"{value.Replace("\"", "\"\"", StringComparison.Ordinal)}\""
        : value;
}
