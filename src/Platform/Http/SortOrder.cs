using Metering.Platform.Problems;

namespace Metering.Platform.Http;

/// <summary><c>?orderBy=</c> and <c>?order=</c> of a list, as OpenMeter names them.</summary>
public static class SortOrder
{
    /// <summary>Null when the parameters are known; otherwise what is wrong with them.</summary>
    /// <param name="columns">What can be asked for → the column behind it.</param>
    /// <param name="by">What it is when nothing is asked for.</param>
    /// <param name="tie">The column that puts equals in an order of their own; unique.</param>
    /// <param name="sql">An <c>order by</c> of nothing but those columns.</param>
    public static FieldError? TryRead(
        string? order, string? orderBy, IReadOnlyDictionary<string, string> columns, string by, string tie, out string sql)
    {
        sql = "";
        if (order is not (null or "ASC" or "DESC"))
        {
            return new FieldError("?order", "unknown_value", "An order is ASC or DESC.");
        }

        if (!columns.TryGetValue(orderBy ?? by, out var column))
        {
            var known = string.Join(", ", columns.Keys.Order(StringComparer.Ordinal));
            return new FieldError("?orderBy", "unknown_value", $"The list is ordered by one of {known}.");
        }

        var direction = order == "DESC" ? "desc" : "asc";
        sql = column == tie ? $"\norder by {tie} {direction}" : $"\norder by {column} {direction}, {tie} {direction}";
        return null;
    }
}
