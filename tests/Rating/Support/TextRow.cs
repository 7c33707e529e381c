using System.Globalization;

namespace Metering.Rating.Tests;

/// <summary>One row of a <see cref="TextTable"/>; prints as it was written, so that a failure names it.</summary>
internal sealed class TextRow(string line, IReadOnlyDictionary<string, string> cells)
{
    public string this[string column] => cells[column];

    public bool IsEmpty(string column) => cells[column] == "-";

    public decimal Decimal(string column) => decimal.Parse(cells[column], NumberStyles.Number, CultureInfo.InvariantCulture);

    public decimal DecimalOr(string column, decimal empty) => IsEmpty(column) ? empty : Decimal(column);

    public decimal? OptionalDecimal(string column) => IsEmpty(column) ? null : Decimal(column);

    /// <summary>Numbers separated by blanks; a dash is none.</summary>
    public IEnumerable<decimal> Decimals(string column) =>
        IsEmpty(column) ? [] : cells[column].Split(' ').Select(number => decimal.Parse(number, NumberStyles.Number, CultureInfo.InvariantCulture));

    public override string ToString() => line;
}
