using Metering.Platform.Problems;
using Microsoft.AspNetCore.Http;

namespace Metering.Platform.Http;

/// <summary>
/// What is asked of a list that is read by cursor: <c>?cursor=</c> from the answer before, <c>?limit=</c> from 1 to 1000, default 100.
/// As a parameter of a handler it reads itself and refuses with 400 what it cannot read.
/// </summary>
/// <param name="After">Null: from the beginning.</param>
public readonly record struct CursorRequest<TKey>(Cursor<TKey>? After, int Limit)
{
    public static ValueTask<CursorRequest<TKey>> BindAsync(HttpContext context)
    {
        var limit = PageRequest.Number32(context, "limit") ?? RequestLimits.DefaultPageSize;
        if (limit is < 1 or > RequestLimits.MaxPageSize)
        {
            throw new RefusedBindingException(new FieldError("?limit", "out_of_range", $"1 to {RequestLimits.MaxPageSize} items at a time."));
        }

        var text = context.Request.Query["cursor"].ToString();
        if (text.Length == 0)
        {
            return ValueTask.FromResult(new CursorRequest<TKey>(null, limit));
        }

        return Cursor<TKey>.TryParse(text, out var cursor)
            ? ValueTask.FromResult(new CursorRequest<TKey>(cursor, limit))
            : throw new RefusedBindingException(new FieldError("?cursor", "invalid_cursor", "Send the nextCursor of an answer as it is."));
    }
}
