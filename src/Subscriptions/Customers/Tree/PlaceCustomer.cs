using Metering.Platform.Auditing;
using Metering.Platform.Database;
using Metering.Platform.Http;
using Metering.Platform.OpenApi;
using Metering.Platform.Problems;
using Metering.Platform.Security;
using Metering.Subscriptions.Snapshots;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using NodaTime;

namespace Metering.Subscriptions.Customers.Tree;

/// <summary>
/// <c>PUT /api/v1/customers/{idOrKey}/parent</c>: the customer stands under another from an instant on, now or later. What was planned from
/// that instant on is replaced; what lies before it stays, so that what has been charged back stays explained.
/// </summary>
internal static class PlaceCustomer
{
    private const int MaxPlacements = 1_000;
    private const int MaxChildren = 10_000;

    public static void Map(IEndpointRouteBuilder routes) =>
        routes.MapPut("/api/v1/customers/{idOrKey}/parent", PlaceAsync).RequireScope(Scope.CustomersWrite).Audited("customer.place")
            .WithName("placeCustomer").WithSummary("Place a customer under another").Produces<PlacementView>()
            .WithTags("Customers")
            .WithExample("""{"parent":null}""");

    private static async Task<IResult> PlaceAsync(
        string idOrKey, PlaceRequest body, MeteringDatabase database, IClock clock, CancellationToken cancellationToken)
    {
        var now = clock.GetCurrentInstant();
        var from = body.EffectiveFrom ?? now;
        if (from < now)
        {
            return Problem.Invalid("/effectiveFrom", "time_in_the_past", "What lies behind stays as it was; the tree changes now or later.");
        }

        await using var session = await database.BeginAsync(cancellationToken);
        await CustomerTree.LockAsync(session, cancellationToken);
        if (await CustomerRow.FindForChangeAsync(session, idOrKey, cancellationToken) is not { } customer)
        {
            return Problem.NotFound("customer", idOrKey);
        }

        CustomerRow? parent = null;
        if (body.Parent is { } named && (parent = await CustomerRow.FindForChangeAsync(session, named, cancellationToken)) is null)
        {
            return Problem.Invalid("/parent", "unknown_customer", "There is no such customer.");
        }

        if (parent is not null && await RefuseAsync(session, customer, parent, from, cancellationToken) is { } refusal)
        {
            return refusal;
        }

        var before = await session.FirstOrNoneAsync<Placement>(AtSql, new { customer.Id, from }, cancellationToken);
        await session.ExecuteAsync(CutSql, new { customer.Id, from }, cancellationToken);
        var placement = new Placement(customer.Id, parent?.Id, from, null, now);
        await session.ExecuteAsync(InsertSql, placement, cancellationToken);
        await AccessBoundaries.AddAsync(session, customer.Id, from, now, cancellationToken);
        if (from == now)
        {
            var affected = await CustomerTree.AffectedAsync(session, [customer.Id], now, cancellationToken);
            await SnapshotVersions.BumpAsync(session, affected, cancellationToken);
        }

        var view = placement.ToView();
        await AuditTrail.RecordAsync(session, new AuditEntry("customer.place", view.CustomerId, now, before?.ToView(), view), cancellationToken);
        return await session.CommitAsync(Results.Ok(view), cancellationToken);
    }

    private static async Task<IResult?> RefuseAsync(
        DbSession session, CustomerRow customer, CustomerRow parent, Instant from, CancellationToken cancellationToken)
    {
        if (parent.Kind != customer.Kind)
        {
            return Conflict("other_kind", $"A customer stands under its own kind; this one is {customer.Kind} and the parent {parent.Kind}.");
        }

        if (parent.Id != customer.Id && !CustomerLevel.MayStandUnder(customer.Level, parent.Level))
        {
            return Conflict("wrong_level", $"The level {customer.Level} does not stand under the level {parent.Level}.");
        }

        var reach = await session.SingleAsync<Reach>(
            ReachSql, new { customer.Id, parent = parent.Id, from, CustomerTree.MaxDepth }, cancellationToken);
        return reach.Circle || parent.Id == customer.Id ? Conflict("circle", "The parent stands under this customer, or will; a tree has no circle.")
            : reach.Above + reach.Below + 1 > CustomerTree.MaxDepth
                ? Conflict("too_deep", $"The tree has at most {CustomerTree.MaxDepth} levels below the top.")
            : reach.Children >= MaxChildren ? Conflict("too_many", $"At most {MaxChildren} customers stand under one.")
            : reach.Placements >= MaxPlacements ? Conflict("too_many", $"A customer is placed at most {MaxPlacements} times.")
            : null;
    }

    private static IResult Conflict(string code, string message) =>
        Problem.Of(ProblemType.Conflict, message, new FieldError("/parent", code, message));

    private const string AtSql = $"""
        select {Placement.Columns}
        from subscriptions.customer_placement
        where customer_id = @Id and effective_from <= @from and (effective_to is null or effective_to > @from)
        """;

    private const string CutSql = """
        delete from subscriptions.customer_placement where customer_id = @Id and effective_from >= @from;
        update subscriptions.customer_placement set effective_to = @from
        where customer_id = @Id and (effective_to is null or effective_to > @from)
        """;

    private const string InsertSql = """
        insert into subscriptions.customer_placement (customer_id, parent_id, effective_from, effective_to, placed_at)
        values (@CustomerId, @ParentId, @EffectiveFrom, @EffectiveTo, @PlacedAt)
        """;

    // Everything that stands above the parent or below the customer at any time from then on, each within the stretch in which it does:
    //   customer ── under ──▶ parent   [from, ∞)
    //               parent ── under ──▶ x   [a, b)   ⇒ x is above in [max(from, a), b)
    private const string ReachSql = """
        with recursive above as (
            select @parent::uuid as id, @from::timestamptz as begins, 'infinity'::timestamptz as ends, 0 as depth
            union all
            select p.parent_id, greatest(a.begins, p.effective_from), least(a.ends, coalesce(p.effective_to, 'infinity')), a.depth + 1
            from above a
            join subscriptions.customer_placement p on p.customer_id = a.id
            where p.parent_id is not null
              and p.effective_from < a.ends and coalesce(p.effective_to, 'infinity') > a.begins
              and a.depth <= @MaxDepth
        ), below as (
            select @Id::uuid as id, @from::timestamptz as begins, 'infinity'::timestamptz as ends, 0 as depth
            union all
            select p.customer_id, greatest(b.begins, p.effective_from), least(b.ends, coalesce(p.effective_to, 'infinity')), b.depth + 1
            from below b
            join subscriptions.customer_placement p on p.parent_id = b.id
            where p.effective_from < b.ends and coalesce(p.effective_to, 'infinity') > b.begins
              and b.depth <= @MaxDepth
        )
        select exists (select from above where id = @Id) as circle,
               (select max(depth) from above) as above,
               (select max(depth) from below) as below,
               (select count(distinct customer_id) from subscriptions.customer_placement
                where parent_id = @parent and (effective_to is null or effective_to > @from)) as children,
               (select count(*) from subscriptions.customer_placement where customer_id = @Id) as placements
        """;

    private sealed record PlaceRequest(string? Parent, Instant? EffectiveFrom = null);

    private sealed record Reach(bool Circle, int Above, int Below, long Children, long Placements);
}
