using Metering.Platform.Database;
using Metering.Platform.Http;
using Metering.Platform.Identifiers;
using Metering.Platform.Problems;
using Metering.Platform.Security;
using Metering.Subscriptions.Customers;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using NodaTime;

namespace Metering.Subscriptions.Subscribing;

/// <summary><c>GET /api/v1/subscriptions</c>, <c>/{id}</c> with phases and items, and <c>GET /api/v1/customers/{idOrKey}/subscriptions</c>.</summary>
internal static class GetSubscriptions
{
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

    private static async Task<IResult> GetAsync(string id, MeteringDatabase database, IClock clock, CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(cancellationToken);
        if (!PublicId.TryParse(id, out var guid) || await SubscriptionRow.FindAsync(session, guid, cancellationToken) is not { } row)
        {
            return Problem.NotFound("subscription", id);
        }

        var content = await SubscriptionContent.OfAsync(session, [guid], cancellationToken);
        return Results.Ok(row.ToView(clock.GetCurrentInstant(), SubscriptionContent.ToViews(row, content[guid]))).WithTag(row.Tag);
    }

    private static async Task<IResult> ListAsync(
        PageRequest page, string? customerId, string? customerKey, MeteringDatabase database, IClock clock, CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(cancellationToken);
        if ((customerId ?? customerKey) is not { } named)
        {
            return await PageAsync(session, page, null, clock, cancellationToken);
        }

        return await CustomerRow.FindAsync(session, named, cancellationToken) is { } customer
            ? await PageAsync(session, page, customer.Id, clock, cancellationToken)
            : Problem.Invalid(customerId is null ? "?customerKey" : "?customerId", "unknown_customer", "There is no such customer.");
    }

    private static async Task<IResult> ListOfCustomerAsync(
        string idOrKey, PageRequest page, MeteringDatabase database, IClock clock, CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(cancellationToken);
        return await CustomerRow.FindAsync(session, idOrKey, cancellationToken) is { } customer
            ? await PageAsync(session, page, customer.Id, clock, cancellationToken)
            : Problem.NotFound("customer", idOrKey);
    }

    private static Task<IResult> PageAsync(
        DbSession session, PageRequest page, Guid? customerId, IClock clock, CancellationToken cancellationToken)
    {
        var now = clock.GetCurrentInstant();
        return Page.OfAsync(
            session, page, ListSql, CountSql, new { customerId }, (SubscriptionRow row) => row.ToView(now, phases: null), cancellationToken);
    }

    private const string FilterSql = " where (@customerId::uuid is null or s.customer_id = @customerId)";

    private const string ListSql = SubscriptionRow.SelectSql + FilterSql + """

        order by s.active_from, s.id
        """;

    private const string CountSql = "select count(*) from subscriptions.subscription s" + FilterSql;
}
