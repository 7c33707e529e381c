using System.Globalization;
using System.Text;
using Metering.Platform.Http;
using Metering.Platform.Identifiers;

namespace Metering.Ingest.Usage;

/// <summary>An answer as RFC 4180 text: the window, what was grouped by in the order asked, the value.</summary>
internal static class UsageCsv
{
    public static string Of(UsageQuery query, IEnumerable<UsageRow> rows)
    {
        var csv = new StringBuilder();
        csv.AppendCsvRow(["window_start", "window_end", .. query.GroupBy, "value"]);
        foreach (var row in rows)
        {
            csv.AppendCsvRow(
            [
                InstantConverter.Format(row.Start),
                InstantConverter.Format(row.End),
                .. query.GroupBy.Select(name => CsvText.Inert(CellOf(row, name))),
                row.Value.ToString(CultureInfo.InvariantCulture),
            ]);
        }

        return csv.ToString();
    }

    private static string? CellOf(UsageRow row, string name) => name switch
    {
        UsageReader.SubjectDimension => row.Subject,
        UsageReader.CustomerDimension => row.CustomerId is { } id ? PublicId.Format(id) : null,
        _ => row.Dimensions[name],
    };
}
