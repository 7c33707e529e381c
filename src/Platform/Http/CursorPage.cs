using System.Collections.Immutable;
using Dapper;
using Metering.Platform.Database;
using Microsoft.AspNetCore.Http;

namespace Metering.Platform.Http;

/// <summary>A stretch of a list that is read by cursor.</summary>
/// <param name="NextCursor">Where to go on; null when this is the end.</param>
public sealed record CursorPage<T>(ImmutableArray<T> Items, string? NextCursor);

/// <summary>Lists by cursor, said once.</summary>
public static class CursorPage
{
    /// <param name="listSql">
    /// Lets through what lies behind <c>(@afterKey, @afterId)</c>, or everything when <c>@afterId::uuid is null</c>, and ends with its
    /// <c>order by</c>; the limit is put behind it.
    /// </param>
    public static async Task<IResult> OfAsync<TKey, TRow, TItem>(
        MeteringDatabase database, CursorRequest<TKey> page, string listSql, object? filter, Func<TRow, Cursor<TKey>> cursorOf,
        Func<TRow, TItem> toItem, CancellationToken cancellationToken)
    {
        var parameters = new DynamicParameters(filter);
        parameters.Add("afterKey", page.After is { } after ? after.Key : null);
        parameters.Add("afterId", page.After?.Id);

        // One more than asked for tells whether there is more.
        parameters.Add("limit", page.Limit + 1);
        await using var session = await database.OpenAsync(cancellationToken);
        var rows = await session.QueryAsync<TRow>(listSql + "\nlimit @limit", parameters, cancellationToken);
        var next = rows.Count > page.Limit ? cursorOf(rows[page.Limit - 1]).ToString() : null;
        return Results.Ok(new CursorPage<TItem>([.. rows.Take(page.Limit).Select(toItem)], next));
    }
}
