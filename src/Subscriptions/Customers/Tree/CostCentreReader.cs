using System.Collections.Immutable;
using Metering.Platform.Database;
using NodaTime;

namespace Metering.Subscriptions.Customers.Tree;

/// <summary>To which cost centre a customer belonged at an instant: itself if it is one, otherwise the nearest above it.</summary>
public sealed class CostCentreReader
{
    /// <summary>Customers that may have one: all others stand alone, for ever.</summary>
    public async Task<ImmutableArray<Guid>> PlacedAsync(DbSession session, CancellationToken cancellationToken) =>
        [.. await session.QueryAsync<Guid>(PlacedSql, null, cancellationToken)];

    /// <returns>The keys of cost centres, or their ids where they have none; pairs without a cost centre are not there.</returns>
    public async Task<ImmutableDictionary<(Guid CustomerId, Instant At), string>> OfAsync(
        DbSession session, IReadOnlyList<(Guid CustomerId, Instant At)> pairs, CancellationToken cancellationToken)
    {
        var parameters = new
        {
            ids = pairs.Select(pair => pair.CustomerId).ToArray(),
            instants = pairs.Select(pair => pair.At.ToDateTimeUtc()).ToArray(),
            CustomerTree.MaxDepth,
        };
        var rows = await session.QueryAsync<CostCentreRow>(OfSql, parameters, cancellationToken);
        return rows.ToImmutableDictionary(row => (row.CustomerId, row.At), row => row.CostCentre);
    }

    private const string PlacedSql = """
        select customer_id from subscriptions.customer_placement
        union
        select id from subscriptions.customer where level = 'cost_centre'
        """;

    private const string OfSql = """
        with recursive above as (
            select asked.customer_id, asked.at, asked.customer_id as id, 0 as depth
            from unnest(@ids, @instants::timestamptz[]) as asked (customer_id, at)
            union all
            select a.customer_id, a.at, p.parent_id, a.depth + 1
            from above a
            join subscriptions.customer_placement p on p.customer_id = a.id
            where p.parent_id is not null
              and p.effective_from <= a.at
              and (p.effective_to is null or p.effective_to > a.at)
              and a.depth < @MaxDepth
        )
        select distinct on (a.customer_id, a.at) a.customer_id as customerId, a.at, coalesce(c.key, c.id::text) as costCentre
        from above a
        join subscriptions.customer c on c.id = a.id and c.level = 'cost_centre'
        order by a.customer_id, a.at, a.depth
        """;

    private sealed record CostCentreRow(Guid CustomerId, Instant At, string CostCentre);
}
