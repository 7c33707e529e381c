using Dapper;
using NodaTime;

namespace Metering.Ingest.Filters;

/// <summary>Writes filters as conditions on columns that are never null, with every value as a parameter.</summary>
/// <param name="prefix">Tells the parameters of one condition from those of the others.</param>
internal sealed class FilterSql(DynamicParameters parameters, string prefix)
{
    private int count;

    /// <param name="column">Ours, never a client's.</param>
    public string Of(string column, TextFilter filter)
    {
        var conditions = new List<string>();
        Add(conditions, $"{column} =", filter.Eq);
        Add(conditions, $"{column} <>", filter.Ne);
        Add(conditions, $"{column} like", filter.Like);
        Add(conditions, $"{column} not like", filter.Nlike);
        Add(conditions, $"{column} ilike", filter.Ilike);
        Add(conditions, $"{column} not ilike", filter.Nilike);
        Add(conditions, $"{column} collate \"C\" >", filter.Gt);
        Add(conditions, $"{column} collate \"C\" >=", filter.Gte);
        Add(conditions, $"{column} collate \"C\" <", filter.Lt);
        Add(conditions, $"{column} collate \"C\" <=", filter.Lte);
        if (filter.In is { } accepted)
        {
            conditions.Add($"{column} = any({Parameter(accepted.ToArray())})");
        }

        if (filter.Nin is { } refused)
        {
            conditions.Add($"{column} <> all({Parameter(refused.ToArray())})");
        }

        conditions.AddRange((filter.And ?? []).Select(part => Of(column, part)));
        if (filter.Or is { } choices)
        {
            conditions.Add($"({string.Join(" or ", choices.Select(part => Of(column, part)))})");
        }

        return All(conditions);
    }

    /// <param name="column">Ours, never a client's.</param>
    public string Of(string column, TimeFilter filter)
    {
        var conditions = new List<string>();
        Add(conditions, $"{column} >", filter.Gt);
        Add(conditions, $"{column} >=", filter.Gte);
        Add(conditions, $"{column} <", filter.Lt);
        Add(conditions, $"{column} <=", filter.Lte);
        conditions.AddRange((filter.And ?? []).Select(part => Of(column, part)));
        if (filter.Or is { } choices)
        {
            conditions.Add($"({string.Join(" or ", choices.Select(part => Of(column, part)))})");
        }

        return All(conditions);
    }

    /// <summary>The name under which a value is passed.</summary>
    public string Parameter(object value)
    {
        var name = $"{prefix}{count++}";
        parameters.Add(name, value);
        return "@" + name;
    }

    private static string All(List<string> conditions) => $"({string.Join(" and ", conditions)})";

    private void Add(List<string> conditions, string comparison, string? value)
    {
        if (value is not null)
        {
            conditions.Add($"{comparison} {Parameter(value)}");
        }
    }

    private void Add(List<string> conditions, string comparison, Instant? value)
    {
        if (value is { } instant)
        {
            conditions.Add($"{comparison} {Parameter(instant)}");
        }
    }
}
