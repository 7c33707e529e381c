using System.Collections.Immutable;
using Metering.Platform.Database;
using Metering.Platform.Http;
using Metering.Platform.Problems;
using Metering.Platform.Security;
using Metering.Subscriptions.Subscribing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;
using NodaTime;

namespace Metering.Subscriptions.Customers;

/// <summary><c>GET /api/v1/customers</c> and <c>/{idOrKey}</c>.</summary>
internal static class GetCustomers
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/api/v1/customers", ListAsync).RequireScope(Scope.CustomersRead)
            .WithName("listCustomers").WithSummary("List customers").Produces<Page<CustomerView>>();
        routes.MapGet("/api/v1/customers/{idOrKey}", GetAsync).RequireScope(Scope.CustomersRead)
            .WithName("getCustomer").WithSummary("Read a customer").Produces<CustomerView>();
    }

    private static async Task<IResult> GetAsync(
        string idOrKey, [FromQuery] string[]? expand, MeteringDatabase database, IClock clock, CancellationToken cancellationToken)
    {
        if (CheckExpand(expand) is { } wrong)
        {
            return Problem.Invalid(wrong);
        }

        await using var session = await database.OpenAsync(cancellationToken);
        if (await CustomerRow.FindAsync(session, idOrKey, cancellationToken) is not { } row)
        {
            return Problem.NotFound("customer", idOrKey);
        }

        var view = (await ToViewsAsync(session, [row], expand, clock.GetCurrentInstant(), cancellationToken)).Single();
        return Results.Ok(view).WithTag(row.Tag);
    }

    /// <summary>Oldest first unless asked otherwise. The filters match anywhere in the text, whatever its case; a plan by its whole key.</summary>
    private static async Task<IResult> ListAsync(
        PageRequest page, string? order, string? orderBy, string? key, string? name, string? primaryEmail, string? subject, string? planKey,
        bool? includeDeleted, [FromQuery] string[]? expand, MeteringDatabase database, IClock clock, CancellationToken cancellationToken)
    {
        if ((SortOrder.TryRead(order, orderBy, Columns, "id", "c.id", out var orderSql) ?? CheckExpand(expand)) is { } wrong)
        {
            return Problem.Invalid(wrong);
        }

        var now = clock.GetCurrentInstant();
        var filter = new { key, name, primaryEmail, subject, planKey, now, includeDeleted = includeDeleted ?? false };
        await using var session = await database.OpenAsync(cancellationToken);
        var (rows, total) = await Page.RowsAsync<CustomerRow>(session, page, ListSql + orderSql, CountSql, filter, cancellationToken);
        return Results.Ok(page.Of(await ToViewsAsync(session, rows, expand, now, cancellationToken), total));
    }

    private static FieldError? CheckExpand(string[]? expand) => (expand ?? []).All(part => part == ExpandSubscriptions)
        ? null
        : new FieldError("?expand", "unknown_value", $"Only {ExpandSubscriptions} can be expanded.");

    private static async Task<IReadOnlyList<CustomerView>> ToViewsAsync(
        DbSession session, IReadOnlyList<CustomerRow> rows, string[]? expand, Instant now, CancellationToken cancellationToken)
    {
        Guid[] ids = [.. rows.Select(row => row.Id)];
        var current = await SubscriptionRow.CurrentIdsAsync(session, ids, now, cancellationToken);
        var subscriptions = expand is { Length: > 0 }
            ? (await session.QueryAsync<SubscriptionRow>(SubscriptionsSql, new { ids }, cancellationToken)).ToLookup(row => row.CustomerId)
            : null;
        return
        [
            .. rows.Select(row => row.ToView(current.TryGetValue(row.Id, out var id) ? id : null) with
            {
                Subscriptions = subscriptions is null ? null : [.. subscriptions[row.Id].Select(one => one.ToView(now, phases: null))],
            }),
        ];
    }

    private const string ExpandSubscriptions = "subscriptions";

    private static readonly ImmutableSortedDictionary<string, string> Columns = new Dictionary<string, string>
    {
        ["id"] = "c.id", ["name"] = "c.name", ["createdAt"] = "c.created_at",
    }.ToImmutableSortedDictionary();

    private const string FilterSql = """

        where (@includeDeleted or c.deleted_at is null)
          and (@key is null or position(lower(@key) in lower(c.key)) > 0)
          and (@name is null or position(lower(@name) in lower(c.name)) > 0)
          and (@primaryEmail is null or position(lower(@primaryEmail) in lower(c.primary_email)) > 0)
          and (@subject is null or exists (
            select from subscriptions.customer_subject f
            where f.customer_id = c.id and not f.implied and position(lower(@subject) in lower(f.subject)) > 0))
          and (@planKey is null or exists (
            select from subscriptions.subscription s
            join subscriptions.plan p on p.id = s.plan_id
            where s.customer_id = c.id and p.key = @planKey
              and s.active_from <= @now and (s.active_to is null or s.active_to > @now)))
        """;

    private const string ListSql = CustomerRow.SelectSql + FilterSql;

    private const string CountSql = "select count(*) from subscriptions.customer c" + FilterSql;

    private const string SubscriptionsSql = SubscriptionRow.SelectSql + " where s.customer_id = any(@ids) order by s.active_from, s.id";
}
