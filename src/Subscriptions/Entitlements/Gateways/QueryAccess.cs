using System.Collections.Immutable;
using Metering.Platform.Database;
using Metering.Platform.Identifiers;
using Metering.Platform.Problems;
using Metering.Platform.Security;
using Metering.Subscriptions.Customers;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;
using NodaTime;

namespace Metering.Subscriptions.Entitlements.Gateways;

/// <summary>
/// <c>POST /api/v3/openmeter/entitlement-access/query</c>: may these customers use these features? What Kong's entitlement plugin polls.
/// </summary>
internal sealed class QueryAccess(MeteringDatabase database, FeatureAnswers answers, IClock clock)
{
    private const string Path = "/api/v3/openmeter/entitlement-access/query";
    private const int MaxFeatures = 1_000;

    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost(Path, (
        AccessQuery query, [FromQuery(Name = "page[size]")] string? size, [FromQuery(Name = "page[after]")] string? after,
        [FromQuery(Name = "page[before]")] string? before, QueryAccess slice, CancellationToken cancellationToken) =>
        AccessQueryPage.TryRead(size, after, before, out var page) is { } wrong
            ? Task.FromResult(Problem.Invalid(wrong))
            : slice.QueryAsync(query, page, cancellationToken)).RequireScope(Scope.Enforcement)
        .WithName("queryEntitlementAccess").WithSummary("Ask what customers may do").Produces<AccessAnswer>();

    private async Task<IResult> QueryAsync(AccessQuery query, AccessQueryPage page, CancellationToken cancellationToken)
    {
        if (query.Check() is { Any: true } errors)
        {
            return errors.ToResult();
        }

        var now = clock.GetCurrentInstant();
        await using var session = await database.OpenAsync(cancellationToken);
        string[] asked = [.. query.Customer.Keys.Distinct(StringComparer.Ordinal)];
        var found = (await session.QueryAsync<FoundKey>(FindSql, new { asked }, cancellationToken))
            .GroupBy(row => row.Asked).ToDictionary(rows => rows.Key, rows => rows.First().CustomerId, StringComparer.Ordinal);
        var features = await session.QueryAsync<string>(
            FeaturesSql, new { keys = query.Feature?.Keys.ToArray(), MaxFeatures }, cancellationToken);
        string[] keys = query.Feature is { } filter ? [.. filter.Keys] : [.. features];
        var (shown, meta) = PageOf([.. found.Values.Distinct().Order()], page);
        var data = ImmutableArray.CreateBuilder<CustomerAnswer>(shown.Length);
        foreach (var id in shown)
        {
            var customer = (await CustomerRow.FindAsync(session, id, cancellationToken))!;
            var entitlements = await EntitlementRow.ActiveAsync(session, id, now, cancellationToken);
            data.Add(new CustomerAnswer(
                [.. asked.Where(key => found.GetValueOrDefault(key) == id)],
                GatewayCustomer.Of(customer),
                await answers.OfAsync(session, entitlements, keys, features.ToHashSet(), query.IncludeCredits ?? false, now, cancellationToken),
                entitlements.Select(entitlement => entitlement.UpdatedAt).Append(customer.UpdatedAt).Max()));
        }

        ImmutableArray<AccessError> unknown = [.. asked.Where(key => !found.ContainsKey(key)).Select(key =>
            new AccessError("customer_not_found", "No customer has this key or subject.", key))];
        return Results.Ok(new AccessAnswer(data.ToImmutable(), unknown, meta));
    }

    /// <summary>The customers in the order of their ids; a cursor is the id of the last or the first one shown.</summary>
    private static (ImmutableArray<Guid> Shown, AccessMeta Meta) PageOf(ImmutableArray<Guid> all, AccessQueryPage page)
    {
        ImmutableArray<Guid> shown = page.Before is { } before
            ? [.. all.Where(id => id.CompareTo(before) < 0).TakeLast(page.Size)]
            : [.. all.Where(id => page.After is not { } after || id.CompareTo(after) > 0).Take(page.Size)];
        var more = shown.Length > 0 && shown[^1] != all[^1];
        var less = shown.Length > 0 && shown[0] != all[0];
        return (shown, new AccessMeta(new AccessPage(
            more ? PathTo("after", shown[^1], page.Size) : null, less ? PathTo("before", shown[0], page.Size) : null, page.Size)));
    }

    private static string PathTo(string direction, Guid id, int size) =>
        $"{Path}?page%5Bsize%5D={size}&page%5B{direction}%5D={PublicId.Format(id)}";

    // A customer's own key wins over a subject of another customer.
    private const string FindSql = """
        select a.key as asked, f.customer_id as customerId
        from unnest(@asked) with ordinality as a (key, position)
        cross join lateral (
            select id as customer_id, 1 as rank
            from subscriptions.customer
            where key = a.key and deleted_at is null
            union all
            select customer_id, 2
            from subscriptions.customer_subject
            where subject = a.key and released_at is null
            order by rank
            limit 1
        ) f
        order by a.position
        """;

    private const string FeaturesSql = """
        select key
        from subscriptions.feature
        where archived_at is null and (@keys::text[] is null or key = any(@keys))
        order by key
        limit @MaxFeatures
        """;

    private sealed record FoundKey(string Asked, Guid CustomerId);
}
