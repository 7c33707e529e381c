using System.Collections.Immutable;
using System.Text.Json.Serialization;
using Dapper;
using Metering.Platform.Database;
using Microsoft.AspNetCore.Http;

namespace Metering.Platform.Http;

/// <summary>One page of a list, as OpenMeter shapes it.</summary>
public sealed record Page<T>(ImmutableArray<T> Items, long TotalCount, [property: JsonPropertyName("page")] int Number, int PageSize);

/// <summary>Lists by page number, said once.</summary>
public static class Page
{
    /// <param name="listSql">Ends with its <c>order by</c>; limit and offset are put behind it.</param>
    /// <param name="countSql">All rows that the filter lets through.</param>
    public static async Task<IResult> OfAsync<TRow, TItem>(
        MeteringDatabase database, PageRequest page, string listSql, string countSql, object? filter, Func<TRow, TItem> toItem,
        CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(cancellationToken);
        return await OfAsync(session, page, listSql, countSql, filter, toItem, cancellationToken);
    }

    public static async Task<IResult> OfAsync<TRow, TItem>(
        DbSession session, PageRequest page, string listSql, string countSql, object? filter, Func<TRow, TItem> toItem,
        CancellationToken cancellationToken)
    {
        var (rows, total) = await RowsAsync<TRow>(session, page, listSql, countSql, filter, cancellationToken);
        return Results.Ok(page.Of(rows.Select(toItem), total));
    }

    /// <summary>For lists whose items need more than their row.</summary>
    public static async Task<(IReadOnlyList<TRow> Rows, long Total)> RowsAsync<TRow>(
        DbSession session, PageRequest page, string listSql, string countSql, object? filter, CancellationToken cancellationToken)
    {
        var parameters = new DynamicParameters(filter);
        parameters.Add("limit", page.Size);
        parameters.Add("offset", page.Offset);
        var rows = await session.QueryAsync<TRow>(listSql + "\nlimit @limit offset @offset", parameters, cancellationToken);
        return (rows, await session.SingleAsync<long>(countSql, filter, cancellationToken));
    }
}
