using Metering.Platform.Database;
using Metering.Platform.Http;
using Metering.Platform.Identifiers;
using Metering.Platform.Problems;
using Metering.Platform.Security;
using Metering.Subscriptions.Customers;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;
using NodaTime;

namespace Metering.Subscriptions.Subscribing;

/// <summary>
/// <c>GET /api/v1/subscriptions</c>, <c>/{id}</c> with phases and items, also as it was <c>?at=</c> an instant, and
/// <c>GET /api/v1/customers/{idOrKey}/subscriptions</c>.
/// </summary>
internal static class GetSubscriptions
{
    private static readonly string[] Statuses = ["active", "inactive", "canceled", "scheduled"];

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/api/v1/subscriptions", ListAsync).RequireScope(Scope.CustomersRead)
            .WithName("listSubscriptions").WithSummary("List subscriptions").Produces<Page<SubscriptionView>>()
            .WithTags("Subscriptions");
        routes.MapGet("/api/v1/customers/{idOrKey}/subscriptions", ListOfCustomerAsync).RequireScope(Scope.CustomersRead)
            .WithName("listCustomerSubscriptions").WithSummary("List the subscriptions of a customer").Produces<Page<SubscriptionView>>()
            .WithTags("Subscriptions");
        routes.MapGet("/api/v1/subscriptions/{id}", GetAsync).RequireScope(Scope.CustomersRead)
            .WithName("getSubscription").WithSummary("Read a subscription with phases and items").Produces<SubscriptionView>()
            .WithTags("Subscriptions");
    }

    /// <summary>In the past, as it was known then; in the future, as it will be by what is known now.</summary>
    private static async Task<IResult> GetAsync(string id, string? at, MeteringDatabase database, IClock clock, CancellationToken cancellationToken)
    {
        var instant = clock.GetCurrentInstant();
        if (at is not null && !InstantConverter.TryParse(at, out instant))
        {
            return Problem.Invalid("?at", "invalid_time", InstantConverter.Expected);
        }

        await using var session = await database.OpenAsync(cancellationToken);
        if (!PublicId.TryParse(id, out var guid) || await SubscriptionRow.FindAsync(session, guid, cancellationToken) is not { } row)
        {
            return Problem.NotFound("subscription", id);
        }

        if (await SubscriptionVersions.AtAsync(session, guid, instant, cancellationToken) is not var (spec, activeTo))
        {
            return Problem.Of(ProblemType.NotFound, $"The subscription did not exist at {instant}; it was made at {row.CreatedAt}.");
        }

        var content = await SubscriptionContent.OfAsync(session, spec, cancellationToken);
        return Results.Ok((row with { ActiveTo = activeTo }).ToView(instant, content.ToViews(row, activeTo, instant))).WithTag(row.Tag);
    }

    private static async Task<IResult> ListAsync(
        PageRequest page, string? customerId, string? customerKey, [FromQuery] string[]? status, string? order, string? orderBy,
        MeteringDatabase database, IClock clock, CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(cancellationToken);
        var list = new Listing(page, status ?? [], order, orderBy, clock.GetCurrentInstant());
        if ((customerId ?? customerKey) is not { } named)
        {
            return await PageAsync(session, list, null, cancellationToken);
        }

        return await CustomerRow.FindAsync(session, named, cancellationToken) is { } customer
            ? await PageAsync(session, list, customer.Id, cancellationToken)
            : Problem.Invalid(customerId is null ? "?customerKey" : "?customerId", "unknown_customer", "There is no such customer.");
    }

    private static async Task<IResult> ListOfCustomerAsync(
        string idOrKey, PageRequest page, [FromQuery] string[]? status, string? order, string? orderBy, MeteringDatabase database,
        IClock clock, CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(cancellationToken);
        var list = new Listing(page, status ?? [], order, orderBy, clock.GetCurrentInstant());
        return await CustomerRow.FindAsync(session, idOrKey, cancellationToken) is { } customer
            ? await PageAsync(session, list, customer.Id, cancellationToken)
            : Problem.NotFound("customer", idOrKey);
    }

    private static async Task<IResult> PageAsync(DbSession session, Listing list, Guid? customerId, CancellationToken cancellationToken)
    {
        if (list.Status.FirstOrDefault(one => !Statuses.Contains(one)) is not null)
        {
            return Problem.Invalid("?status", "unknown_status", "A status is one of " + string.Join(", ", Statuses) + ".");
        }

        if (list.Order is not (null or "ASC" or "DESC"))
        {
            return Problem.Invalid("?order", "unknown_order", "The order is ASC or DESC.");
        }

        if (list.OrderBy is not (null or "activeFrom" or "activeTo"))
        {
            return Problem.Invalid("?orderBy", "unknown_order", "Subscriptions are ordered by activeFrom or activeTo.");
        }

        return await Page.OfAsync(
            session, list.Page, SubscriptionRow.SelectSql + FilterSql + OrderSql(list), CountSql, new { customerId, list.Now, list.Status },
            (SubscriptionRow row) => row.ToView(list.Now, phases: null), cancellationToken);
    }

    private static string OrderSql(Listing list)
    {
        var column = list.OrderBy == "activeTo" ? "s.active_to" : "s.active_from";
        return $" order by {column} {(list.Order == "DESC" ? "desc nulls first" : "asc nulls last")}, s.id";
    }

    private const string FilterSql = """

        where s.deleted_at is null
          and (@customerId::uuid is null or s.customer_id = @customerId)
          and (cardinality(@Status) = 0 or case
                when s.active_to <= @Now then 'inactive'
                when s.active_from > @Now then 'scheduled'
                when s.active_to is not null then 'canceled'
                else 'active'
            end = any(@Status))
        """;

    private const string CountSql = "select count(*) from subscriptions.subscription s" + FilterSql;

    private sealed record Listing(PageRequest Page, string[] Status, string? Order, string? OrderBy, Instant Now);
}
