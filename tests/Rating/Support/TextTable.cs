using System.Text.RegularExpressions;

namespace Metering.Rating.Tests;

/// <summary>Reads a text table: the first line names the columns, cells are at least two blanks apart, a dash is an empty cell.</summary>
internal static partial class TextTable
{
    public static IEnumerable<TextRow> Rows(string table)
    {
        var lines = table.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        var columns = Cells(lines[0]);
        Assert.True(lines.Length > 1, "A table without rows tests nothing.");
        foreach (var line in lines[1..])
        {
            var cells = Cells(line);
            Assert.True(cells.Length == columns.Length, $"The row '{line}' has {cells.Length} cells and there are {columns.Length} columns.");
            yield return new TextRow(line, columns.Zip(cells).ToDictionary(pair => pair.First, pair => pair.Second));
        }
    }

    private static string[] Cells(string line) => Gap().Split(line);

    [GeneratedRegex(@"\s{2,}")]
    private static partial Regex Gap();
}
