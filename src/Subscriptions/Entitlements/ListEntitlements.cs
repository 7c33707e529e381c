using System.Collections.Immutable;
using Metering.Platform.Database;
using Metering.Platform.Http;
using Metering.Platform.Identifiers;
using Metering.Platform.Problems;
using Metering.Platform.Security;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;
using NodaTime;

namespace Metering.Subscriptions.Entitlements;

/// <summary>Lists of entitlements: of a customer, of a subject, and of everybody.</summary>
internal sealed class ListEntitlements(MeteringDatabase database, IClock clock)
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/api/v2/customers/{customerIdOrKey}/entitlements", (
            string customerIdOrKey, [AsParameters] ListQuery query, ListEntitlements slice, CancellationToken cancellationToken) =>
            slice.OfOwnerAsync(EntitlementOwner.Customer(customerIdOrKey), query, cancellationToken)).RequireScope(Scope.CustomersRead)
            .WithName("listCustomerEntitlementsV2").WithSummary("List the entitlements of a customer").Produces<Page<EntitlementView>>();
        routes.MapGet("/api/v1/subjects/{subjectIdOrKey}/entitlements", (
            string subjectIdOrKey, bool? includeDeleted, ListEntitlements slice, CancellationToken cancellationToken) =>
            slice.OfOwnerAsync(
                EntitlementOwner.Subject(subjectIdOrKey), new ListQuery { IncludeDeleted = includeDeleted, PageSize = RequestLimits.MaxPageSize },
                cancellationToken)).RequireScope(Scope.CustomersRead)
            .WithName("listSubjectEntitlements").WithSummary("List the entitlements of a subject").Produces<EntitlementView[]>();
        routes.MapGet("/api/v2/entitlements", (
            [AsParameters] ListQuery query, [AsParameters] EntitlementFilter filter, ListEntitlements slice, CancellationToken cancellationToken) =>
            slice.OfAllAsync(query, filter, version1: false, cancellationToken)).RequireScope(Scope.CustomersRead)
            .WithName("listEntitlementsV2").WithSummary("List entitlements").Produces<Page<EntitlementView>>();
        routes.MapGet("/api/v1/entitlements", (
            [AsParameters] ListQuery query, [AsParameters] EntitlementFilter filter, ListEntitlements slice, CancellationToken cancellationToken) =>
            slice.OfAllAsync(query, filter, version1: true, cancellationToken)).RequireScope(Scope.CustomersRead)
            .WithName("listEntitlements").WithSummary("List entitlements, plainly unless a page is asked for")
            .Produces<EntitlementView[]>();
    }

    private async Task<IResult> OfOwnerAsync(EntitlementOwner owner, ListQuery query, CancellationToken cancellationToken)
    {
        if (query.Check("createdAt", "updatedAt") is { } wrong)
        {
            return Problem.Invalid(wrong);
        }

        await using var session = await database.OpenAsync(cancellationToken);
        if (await owner.FindAsync(session, cancellationToken) is not { } customer)
        {
            return owner.NotFound();
        }

        var now = clock.GetCurrentInstant();
        var filter = new EntitlementFilter { CustomerIds = [PublicId.Format(customer.Id)] };
        var (rows, total) = await ReadAsync(session, query, filter, now, cancellationToken);
        var views = await EntitlementViews.OfAsync(session, rows, _ => owner.SubjectKey, now, cancellationToken);
        return owner.IsSubject ? Results.Ok(views) : Results.Ok(new Page<EntitlementView>(views, total, query.Number, query.Take));
    }

    /// <summary>Version 1 answers with a plain list unless a page is asked for.</summary>
    private async Task<IResult> OfAllAsync(ListQuery query, EntitlementFilter filter, bool version1, CancellationToken cancellationToken)
    {
        if ((query.Check("createdAt", "updatedAt") ?? filter.Check()) is { } wrong)
        {
            return Problem.Invalid(wrong);
        }

        var now = clock.GetCurrentInstant();
        await using var session = await database.OpenAsync(cancellationToken);
        var (rows, total) = await ReadAsync(session, query, filter, now, cancellationToken);
        var subjects = version1 ? await EntitlementViews.SubjectsOfAsync(session, rows, cancellationToken) : null;
        var views = await EntitlementViews.OfAsync(session, rows, row => subjects?.GetValueOrDefault(row.CustomerId), now, cancellationToken);
        return version1 && query.Page is null ? Results.Ok(views) : Results.Ok(new Page<EntitlementView>(views, total, query.Number, query.Take));
    }

    private static async Task<(IReadOnlyList<EntitlementRow> Rows, long Total)> ReadAsync(
        DbSession session, ListQuery query, EntitlementFilter filter, Instant now, CancellationToken cancellationToken)
    {
        var parameters = new
        {
            feature = filter.Feature ?? [],
            customerKeys = filter.CustomerKeys ?? [],
            customerIds = (filter.CustomerIds ?? []).Select(id => PublicId.TryParse(id, out var guid) ? guid : Guid.Empty).ToArray(),
            subject = filter.Subject ?? [],
            types = filter.EntitlementType ?? [],
            excludeInactive = filter.ExcludeInactive ?? false,
            includeDeleted = query.IncludeDeleted ?? false,
            now,
            query.Take,
            query.Skip,
        };
        var rows = await session.QueryAsync<EntitlementRow>(
            EntitlementRow.SelectSql + FilterSql + query.OrderSql("e"), parameters, cancellationToken);
        var total = await session.SingleAsync<long>(CountSql, parameters, cancellationToken);
        return (rows, total);
    }

    private const string FilterSql = """

        where (@includeDeleted or e.deleted_at is null)
          and (not @excludeInactive or (e.active_from <= @now and (e.active_to is null or e.active_to > @now)))
          and (cardinality(@feature) = 0 or e.feature_key = any(@feature))
          and (cardinality(@types) = 0 or e.kind = any(@types))
          and (cardinality(@customerIds) = 0 or e.customer_id = any(@customerIds))
          and (cardinality(@customerKeys) = 0 or c.key = any(@customerKeys))
          and (cardinality(@subject) = 0 or exists (
            select from subscriptions.customer_subject s
            where s.customer_id = e.customer_id and s.released_at is null and s.subject = any(@subject)))
        """;

    private const string CountSql =
        "select count(*) from subscriptions.entitlement e join subscriptions.customer c on c.id = e.customer_id" + FilterSql;
}
