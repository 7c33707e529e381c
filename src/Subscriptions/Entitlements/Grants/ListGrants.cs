using System.Collections.Immutable;
using Metering.Platform.Database;
using Metering.Platform.Http;
using Metering.Platform.Identifiers;
using Metering.Platform.Problems;
using Metering.Platform.Security;
using Metering.Subscriptions.Entitlements.Balances;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;
using NodaTime;

namespace Metering.Subscriptions.Entitlements.Grants;

/// <summary>Lists of grants: of an entitlement, top-ups that it goes on with included, and of everybody. Void ones are the deleted ones.</summary>
internal sealed class ListGrants(MeteringDatabase database, IClock clock)
{
    private const int MaxValues = 1_000;

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/api/v2/customers/{customerIdOrKey}/entitlements/{entitlementIdOrFeatureKey}/grants", (
            string customerIdOrKey, string entitlementIdOrFeatureKey, [AsParameters] ListQuery query, ListGrants slice,
            CancellationToken cancellationToken) =>
            slice.OfEntitlementAsync(EntitlementOwner.Customer(customerIdOrKey), entitlementIdOrFeatureKey, query, cancellationToken))
            .RequireScope(Scope.CustomersRead)
            .WithName("listCustomerEntitlementGrantsV2").WithSummary("List the grants of an entitlement").Produces<Page<GrantView>>();
        routes.MapGet("/api/v1/subjects/{subjectIdOrKey}/entitlements/{entitlementIdOrFeatureKey}/grants", (
            string subjectIdOrKey, string entitlementIdOrFeatureKey, bool? includeDeleted, string? orderBy, ListGrants slice,
            CancellationToken cancellationToken) => slice.OfEntitlementAsync(
                EntitlementOwner.Subject(subjectIdOrKey), entitlementIdOrFeatureKey,
                new ListQuery { IncludeDeleted = includeDeleted, OrderBy = orderBy, PageSize = RequestLimits.MaxPageSize }, cancellationToken))
            .RequireScope(Scope.CustomersRead)
            .WithName("listEntitlementGrants").WithSummary("List the grants of a subject's entitlement").Produces<GrantView[]>();
        routes.MapGet("/api/v2/grants", (
            [FromQuery] string[]? feature, [FromQuery] string[]? customer, [AsParameters] ListQuery query, ListGrants slice,
            CancellationToken cancellationToken) => slice.OfAllAsync(query, feature, customer, null, version1: false, cancellationToken))
            .RequireScope(Scope.CustomersRead)
            .WithName("listGrantsV2").WithSummary("List grants").Produces<Page<GrantView>>();
        routes.MapGet("/api/v1/grants", (
            [FromQuery] string[]? feature, [FromQuery] string[]? subject, [AsParameters] ListQuery query, ListGrants slice,
            CancellationToken cancellationToken) => slice.OfAllAsync(query, feature, null, subject, version1: true, cancellationToken))
            .RequireScope(Scope.CustomersRead)
            .WithName("listGrants").WithSummary("List grants, plainly unless a page is asked for").Produces<GrantView[]>();
    }

    private async Task<IResult> OfEntitlementAsync(
        EntitlementOwner owner, string idOrFeatureKey, ListQuery query, CancellationToken cancellationToken)
    {
        if (query.Check("id", "createdAt", "updatedAt") is { } wrong)
        {
            return Problem.Invalid(wrong);
        }

        await using var session = await database.OpenAsync(cancellationToken);
        var (row, notFound) = await owner.EntitlementAsync(session, idOrFeatureKey, clock.GetCurrentInstant(), cancellationToken);
        if (row is null)
        {
            return notFound!;
        }

        var sources = await TopUps.SourcesAsync(session, row.Id, cancellationToken);
        var (grants, total) = await ReadAsync(session, query, row, sources, [], [], [], cancellationToken);
        return owner.IsSubject ? Results.Ok(grants) : Results.Ok(new Page<GrantView>(grants, total, query.Number, query.Take));
    }

    /// <summary>Version 1 answers with a plain list unless a page is asked for.</summary>
    private async Task<IResult> OfAllAsync(
        ListQuery query, string[]? features, string[]? customers, string[]? subjects, bool version1, CancellationToken cancellationToken)
    {
        if (query.Check("id", "createdAt", "updatedAt") is { } wrong)
        {
            return Problem.Invalid(wrong);
        }

        if (new[] { features, customers, subjects }.Any(values => values?.Length > MaxValues))
        {
            return Problem.Invalid("?feature", "too_many", $"A filter has at most {MaxValues} values.");
        }

        await using var session = await database.OpenAsync(cancellationToken);
        var (grants, total) = await ReadAsync(
            session, query, null, [], features ?? [], customers ?? [], subjects ?? [], cancellationToken);
        return version1 && query.Page is null ? Results.Ok(grants) : Results.Ok(new Page<GrantView>(grants, total, query.Number, query.Take));
    }

    private async Task<(ImmutableArray<GrantView> Grants, long Total)> ReadAsync(
        DbSession session, ListQuery query, EntitlementRow? entitlement, Guid[] sources, string[] features, string[] customers, string[] subjects,
        CancellationToken cancellationToken)
    {
        var now = clock.GetCurrentInstant();
        var parameters = new
        {
            entitlementId = entitlement?.Id,
            beginning = entitlement?.ActiveFrom,
            sources,
            features,
            customers,
            customerIds = customers.Where(text => PublicId.TryParse(text, out _)).Select(text => PublicId.TryParse(text, out var id) ? id : default)
                .ToArray(),
            subjects,
            includeDeleted = query.IncludeDeleted ?? false,
            now,
            query.Take,
            query.Skip,
        };
        var rows = await session.QueryAsync<GrantRow>(GrantRow.SelectSql + FilterSql + query.OrderSql("g"), parameters, cancellationToken);
        var total = await session.SingleAsync<long>(CountSql, parameters, cancellationToken);
        return ([.. rows.Select(row => GrantView.Of(row, now))], total);
    }

    private const string FilterSql = """

        join subscriptions.entitlement e on e.id = g.entitlement_id
        join subscriptions.customer c on c.id = e.customer_id
        where (@entitlementId::uuid is null or g.entitlement_id = @entitlementId or (
            g.entitlement_id = any(@sources) and g.origin = 'customer' and not g.is_issue
            and (g.expires_at is null or g.expires_at > @beginning) and (g.voided_at is null or g.voided_at > @beginning)))
          and (@includeDeleted or g.voided_at is null or g.voided_at > @now)
          and (cardinality(@features) = 0 or e.feature_key = any(@features))
          and (cardinality(@customers) = 0 or c.key = any(@customers) or c.id = any(@customerIds))
          and (cardinality(@subjects) = 0 or exists (
            select from subscriptions.customer_subject s
            where s.customer_id = e.customer_id and s.released_at is null and s.subject = any(@subjects)))
        """;

    private const string CountSql = "select count(*) from subscriptions.entitlement_grant g" + FilterSql;
}
