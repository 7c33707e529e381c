using Metering.Platform.Database;
using Metering.Platform.Http;
using Metering.Platform.Problems;
using Metering.Platform.Security;
using Metering.Subscriptions.Subscribing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using NodaTime;

namespace Metering.Subscriptions.Customers;

/// <summary><c>GET /api/v1/customers</c> and <c>/{idOrKey}</c>.</summary>
internal static class GetCustomers
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/api/v1/customers", ListAsync).RequireScope(Scope.CustomersRead);
        routes.MapGet("/api/v1/customers/{idOrKey}", GetAsync).RequireScope(Scope.CustomersRead);
    }

    private static async Task<IResult> GetAsync(string idOrKey, MeteringDatabase database, IClock clock, CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(cancellationToken);
        if (await CustomerRow.FindAsync(session, idOrKey, cancellationToken) is not { } row)
        {
            return Problem.NotFound("customer", idOrKey);
        }

        var current = await SubscriptionRow.FindCurrentIdAsync(session, row.Id, clock.GetCurrentInstant(), cancellationToken);
        return Results.Ok(row.ToView(current)).WithTag(row.Tag);
    }

    /// <summary>Oldest first. The filters match anywhere in the text, whatever its case.</summary>
    private static async Task<IResult> ListAsync(
        PageRequest page, string? key, string? name, string? primaryEmail, string? subject, bool? includeDeleted, MeteringDatabase database,
        IClock clock, CancellationToken cancellationToken)
    {
        var filter = new { key, name, primaryEmail, subject, includeDeleted = includeDeleted ?? false };
        await using var session = await database.OpenAsync(cancellationToken);
        var (rows, total) = await Page.RowsAsync<CustomerRow>(session, page, ListSql, CountSql, filter, cancellationToken);
        var current = await SubscriptionRow.CurrentIdsAsync(
            session, [.. rows.Select(row => row.Id)], clock.GetCurrentInstant(), cancellationToken);
        return Results.Ok(page.Of(rows.Select(row => row.ToView(current.TryGetValue(row.Id, out var id) ? id : null)), total));
    }

    private const string FilterSql = """

        where (@includeDeleted or c.deleted_at is null)
          and (@key is null or position(lower(@key) in lower(c.key)) > 0)
          and (@name is null or position(lower(@name) in lower(c.name)) > 0)
          and (@primaryEmail is null or position(lower(@primaryEmail) in lower(c.primary_email)) > 0)
          and (@subject is null or exists (
            select from subscriptions.customer_subject f
            where f.customer_id = c.id and not f.implied and position(lower(@subject) in lower(f.subject)) > 0))
        """;

    private const string ListSql = CustomerRow.SelectSql + FilterSql + """

        order by c.id
        """;

    private const string CountSql = "select count(*) from subscriptions.customer c" + FilterSql;
}
