using System.Collections.Immutable;
using Metering.Platform.Database;
using Metering.Platform.Http;
using Metering.Platform.Identifiers;
using Metering.Platform.Problems;
using Metering.Platform.Security;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using NodaTime;

namespace Metering.Subscriptions.Customers.Tree;

/// <summary>
/// <c>GET /api/v1/customers/{idOrKey}/parent</c>: what stands above at an instant, nearest first; <c>/children</c>: what stands below it;
/// <c>/placements</c>: under whom it has stood and will stand.
/// </summary>
internal static class GetTree
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/api/v1/customers/{idOrKey}/parent", ParentAsync).RequireScope(Scope.CustomersRead)
            .WithName("getCustomerParent").WithSummary("Read under whom a customer stands").Produces<ParentView>()
            .WithTags("Customers");
        routes.MapGet("/api/v1/customers/{idOrKey}/children", ChildrenAsync).RequireScope(Scope.CustomersRead)
            .WithName("listCustomerChildren").WithSummary("List who stands under a customer").Produces<Page<TreeNodeView>>()
            .WithTags("Customers");
        routes.MapGet("/api/v1/customers/{idOrKey}/placements", PlacementsAsync).RequireScope(Scope.CustomersRead)
            .WithName("listCustomerPlacements").WithSummary("List under whom a customer has stood").Produces<PlacementView[]>()
            .WithTags("Customers");
    }

    private static async Task<IResult> ParentAsync(
        string idOrKey, string? at, MeteringDatabase database, IClock clock, CancellationToken cancellationToken)
    {
        if (InstantConverter.TryReadParameter("at", at, out var asked) is { } wrong)
        {
            return Problem.Invalid(wrong);
        }

        await using var session = await database.OpenAsync(cancellationToken);
        if (await CustomerRow.FindAsync(session, idOrKey, cancellationToken) is not { } customer)
        {
            return Problem.NotFound("customer", idOrKey);
        }

        var instant = asked ?? clock.GetCurrentInstant();
        var above = await session.QueryAsync<TreeNode>(AboveSql, new { customer.Id, at = instant, CustomerTree.MaxDepth }, cancellationToken);
        var ancestors = above.Select(node => node.ToView()).ToImmutableArray();
        return Results.Ok(new ParentView(PublicId.Format(customer.Id), instant, ancestors.FirstOrDefault()?.Id, ancestors));
    }

    /// <summary>By depth, then oldest first.</summary>
    private static async Task<IResult> ChildrenAsync(
        string idOrKey, string? at, int? depth, PageRequest page, MeteringDatabase database, IClock clock, CancellationToken cancellationToken)
    {
        if (InstantConverter.TryReadParameter("at", at, out var asked) is { } wrong)
        {
            return Problem.Invalid(wrong);
        }

        if (depth is < 1 or > CustomerTree.MaxDepth)
        {
            return Problem.Invalid("?depth", "out_of_range", $"1 to {CustomerTree.MaxDepth} levels can be asked for.");
        }

        await using var session = await database.OpenAsync(cancellationToken);
        if (await CustomerRow.FindAsync(session, idOrKey, cancellationToken) is not { } customer)
        {
            return Problem.NotFound("customer", idOrKey);
        }

        var filter = new { customer.Id, at = asked ?? clock.GetCurrentInstant(), depth = depth ?? 1 };
        return await Page.OfAsync(session, page, BelowSql, CountSql, filter, (TreeNode node) => node.ToView(), cancellationToken);
    }

    private static async Task<IResult> PlacementsAsync(string idOrKey, MeteringDatabase database, CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(cancellationToken);
        if (await CustomerRow.FindAsync(session, idOrKey, cancellationToken) is not { } customer)
        {
            return Problem.NotFound("customer", idOrKey);
        }

        var placements = await session.QueryAsync<Placement>(PlacementsSql, new { customer.Id }, cancellationToken);
        return Results.Ok(placements.Select(placement => placement.ToView()));
    }

    private const string AboveSql = $"""
        with recursive above as (
            select parent_id as id, 1 as depth
            from subscriptions.customer_placement
            where customer_id = @Id and parent_id is not null and effective_from <= @at and (effective_to is null or effective_to > @at)
            union all
            select p.parent_id, a.depth + 1
            from above a
            join subscriptions.customer_placement p on p.customer_id = a.id
            where p.parent_id is not null and p.effective_from <= @at and (p.effective_to is null or p.effective_to > @at)
              and a.depth < @MaxDepth
        )
        select {TreeNode.Columns}
        from (
            select a.id, a.depth, p.parent_id, p.effective_from, p.effective_to
            from above a
            left join subscriptions.customer_placement p
                on p.customer_id = a.id and p.effective_from <= @at and (p.effective_to is null or p.effective_to > @at)
        ) n
        join subscriptions.customer c on c.id = n.id
        order by n.depth
        """;

    private const string BelowCte = """
        with recursive below as (
            select customer_id as id, parent_id, effective_from, effective_to, 1 as depth
            from subscriptions.customer_placement
            where parent_id = @Id and effective_from <= @at and (effective_to is null or effective_to > @at)
            union all
            select p.customer_id, p.parent_id, p.effective_from, p.effective_to, b.depth + 1
            from below b
            join subscriptions.customer_placement p on p.parent_id = b.id
            where p.effective_from <= @at and (p.effective_to is null or p.effective_to > @at) and b.depth < @depth
        )
        """;

    private const string BelowSql = $"""
        {BelowCte}
        select {TreeNode.Columns}
        from below n
        join subscriptions.customer c on c.id = n.id
        order by n.depth, c.id
        """;

    private const string CountSql = $"{BelowCte} select count(*) from below";

    private const string PlacementsSql = $"""
        select {Placement.Columns}
        from subscriptions.customer_placement
        where customer_id = @Id
        order by effective_from
        """;

    /// <param name="ParentId">Null: the customer stands at the top.</param>
    private sealed record ParentView(string CustomerId, Instant At, string? ParentId, ImmutableArray<TreeNodeView> Ancestors);
}
