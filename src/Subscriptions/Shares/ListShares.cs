using Metering.Contracts.Sidecar;
using Metering.Platform.Database;
using Metering.Platform.Http;
using Metering.Platform.Identifiers;
using Metering.Platform.Security;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using NodaTime;

namespace Metering.Subscriptions.Shares;

/// <summary>
/// <c>GET /api/v1/sidecar/shares</c>: who has how much of each limit that is divided now. All shares together are never more than the whole. A
/// share that has outlived its time is still held while requests that it let through may be in flight.
/// </summary>
internal static class ListShares
{
    public static void Map(IEndpointRouteBuilder routes) =>
        routes.MapGet("/api/v1/sidecar/shares", ListAsync).RequireScope(Scope.Enforcement)
            .WithName("listShares").WithSummary("List how limits are divided among sidecars").Produces<Page<SharedLimitView>>()
            .WithTags("Sidecar");

    private static Task<IResult> ListAsync(PageRequest page, MeteringDatabase database, CancellationToken cancellationToken) =>
        Page.OfAsync(database, page, ListSql, CountSql, null, (SharedLimitLine row) => row.ToView(), cancellationToken);

    private const string CountSql = "select count(*) from subscriptions.shared_limit";

    private const string ListSql = """
        select l.customer_id as customerId, l.feature_key as featureKey, l.name, l.parts_out as partsOut, l.full_at as fullAt,
               s.parts, s.sidecars, s.over_parts as overParts
        from subscriptions.shared_limit l
        cross join lateral (
            select coalesce(sum(parts), 0)::bigint as parts, count(distinct sidecar_id) as sidecars,
                   coalesce(sum(parts) filter (where expires_at <= clock_timestamp()), 0)::bigint as over_parts
            from subscriptions.limit_share
            where limit_id = l.id
        ) s
        order by l.id
        """;

    private sealed record SharedLimitLine(
        Guid CustomerId, string FeatureKey, string Name, long PartsOut, Instant FullAt, long Parts, long Sidecars, long OverParts)
    {
        public SharedLimitView ToView() => new(
            PublicId.Format(CustomerId), FeatureKey, Name, ShareParts.Whole, Parts, ShareParts.Whole - Parts, OverParts, Sidecars, FullAt,
            Parts == PartsOut && Parts <= ShareParts.Whole);
    }

    /// <param name="Whole">Parts of the limit.</param>
    /// <param name="Expired">Of those held, parts of sidecars that are not heard from.</param>
    /// <param name="FreeFullAt">When a bucket of what is free is full.</param>
    private sealed record SharedLimitView(
        string CustomerId, string FeatureKey, string Limit, long Whole, long Held, long Free, long Expired, long Sidecars, Instant FreeFullAt,
        bool Conserves);
}
