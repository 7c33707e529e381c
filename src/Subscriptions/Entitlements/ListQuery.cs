using Metering.Platform.Http;
using Metering.Platform.Problems;
using Microsoft.AspNetCore.Mvc;

namespace Metering.Subscriptions.Entitlements;

/// <summary>Which part of a list is asked for, and in which order, in both of OpenMeter's ways: pages, or limit and offset.</summary>
internal sealed class ListQuery
{
    [FromQuery(Name = "page")]
    public int? Page { get; init; }

    [FromQuery(Name = "pageSize")]
    public int? PageSize { get; init; }

    [FromQuery(Name = "limit")]
    public int? Limit { get; init; }

    [FromQuery(Name = "offset")]
    public int? Offset { get; init; }

    [FromQuery(Name = "order")]
    public string? Order { get; init; }

    [FromQuery(Name = "orderBy")]
    public string? OrderBy { get; init; }

    [FromQuery(Name = "includeDeleted")]
    public bool? IncludeDeleted { get; init; }

    public int Number => Page ?? ((Skip / Take) + 1);

    public int Take => Page is null && PageSize is null ? Limit ?? RequestLimits.DefaultPageSize : PageSize ?? RequestLimits.DefaultPageSize;

    public int Skip => Page is null && PageSize is null ? Offset ?? 0 : checked(((Page ?? 1) - 1) * Take);

    /// <param name="columns">By which it may be ordered; the first when nothing is said.</param>
    /// <returns>What is wrong with it; null when nothing is.</returns>
    public FieldError? Check(params string[] columns) =>
        Page is < 1 or > 1_000_000 ? new FieldError("?page", "out_of_range", "Pages are counted from 1.")
        : PageSize is < 1 or > RequestLimits.MaxPageSize
            ? new FieldError("?pageSize", "out_of_range", $"A page holds 1 to {RequestLimits.MaxPageSize} items.")
        : Limit is < 1 or > RequestLimits.MaxPageSize
            ? new FieldError("?limit", "out_of_range", $"1 to {RequestLimits.MaxPageSize} items are answered at a time.")
        : Offset is < 0 or > 1_000_000_000 ? new FieldError("?offset", "out_of_range", "An offset is 0 or more.")
        : Order is not (null or "ASC" or "DESC") ? new FieldError("?order", "unknown_order", "The order is ASC or DESC.")
        : OrderBy is not null && !columns.Contains(OrderBy)
            ? new FieldError("?orderBy", "unknown_field", $"It can be ordered by {string.Join(", ", columns)}.")
        : null;

    /// <summary>The end of a query on the table of this alias, once the parts were checked.</summary>
    public string OrderSql(string alias)
    {
        var column = OrderBy switch { "updatedAt" => "updated_at", "id" => "id", _ => "created_at" };
        var direction = Order == "DESC" ? "desc" : "asc";
        return $" order by {alias}.{column} {direction}, {alias}.id {direction} limit @Take offset @Skip";
    }
}
