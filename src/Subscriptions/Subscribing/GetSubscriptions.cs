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
        routes.MapGet("/api/v1/subscriptions", ListAsync).RequireScope(Scope.CustomersRead);
        routes.MapGet("/api/v1/customers/{idOrKey}/subscriptions", ListOfCustomerAsync).RequireScope(Scope.CustomersRead);
        routes.MapGet("/api/v1/subscriptions/{id}", GetAsync).RequireScope(Scope.CustomersRead);
    }

    private static async Task<IResult> GetAsync(string id, MeteringDatabase database, IClock clock, CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(cancellationToken);
        if (!PublicId.TryParse(id, out var guid) || await SubscriptionRow.FindAsync(session, guid, cancellationToken) is not { } row)
        {
            return Problem.NotFound("subscription", id);
        }

        var content = await SubscriptionContent.OfAsync(session, [guid], cancellationToken);
        return Results.Ok(row.ToView(clock.GetCurrentInstant(), SubscriptionContent.ToViews(row, content[guid])));
    }

    private static async Task<IResult> ListAsync(
        int? page, int? pageSize, string? customerId, string? customerKey, MeteringDatabase database, IClock clock,
        CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(cancellationToken);
        if ((customerId ?? customerKey) is not { } named)
        {
            return await PageAsync(session, page, pageSize, null, clock, cancellationToken);
        }

        return await CustomerRow.FindAsync(session, named, cancellationToken) is { } customer
            ? await PageAsync(session, page, pageSize, customer.Id, clock, cancellationToken)
            : Problem.Invalid(customerId is null ? "?customerKey" : "?customerId", "unknown_customer", "There is no such customer.");
    }

    private static async Task<IResult> ListOfCustomerAsync(
        string idOrKey, int? page, int? pageSize, MeteringDatabase database, IClock clock, CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(cancellationToken);
        return await CustomerRow.FindAsync(session, idOrKey, cancellationToken) is { } customer
            ? await PageAsync(session, page, pageSize, customer.Id, clock, cancellationToken)
            : Problem.NotFound("customer", idOrKey);
    }

    private static async Task<IResult> PageAsync(
        DbSession session, int? page, int? pageSize, Guid? customerId, IClock clock, CancellationToken cancellationToken)
    {
        if (PageRequest.TryCreate(page, pageSize, out var request) is { } wrong)
        {
            return Problem.Invalid(wrong);
        }

        var now = clock.GetCurrentInstant();
        var filter = new { customerId, limit = request.Size, offset = request.Offset };
        var rows = await session.QueryAsync<SubscriptionRow>(ListSql, filter, cancellationToken);
        var total = await session.SingleAsync<long>(CountSql, filter, cancellationToken);
        return Results.Ok(new Page<SubscriptionView>([.. rows.Select(row => row.ToView(now, phases: null))], total, request.Number, request.Size));
    }

    private const string FilterSql = " where (@customerId::uuid is null or s.customer_id = @customerId)";

    private const string ListSql = SubscriptionRow.SelectSql + FilterSql + """

        order by s.active_from, s.id
        limit @limit offset @offset
        """;

    private const string CountSql = "select count(*) from subscriptions.subscription s" + FilterSql;
}
