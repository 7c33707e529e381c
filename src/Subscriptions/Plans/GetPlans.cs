using System.Collections.Immutable;
using Metering.Ingest.Meters;
using Metering.Platform.Database;
using Metering.Platform.Http;
using Metering.Platform.Identifiers;
using Metering.Platform.OpenApi;
using Metering.Platform.Problems;
using Metering.Platform.Security;
using Metering.Subscriptions.Wire;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;
using NodaTime;

namespace Metering.Subscriptions.Plans;

/// <summary><c>GET /api/v1/plans</c> (every version) and <c>/{planIdOrKey}</c>; a key means the version in force, or else the newest.</summary>
internal static class GetPlans
{
    private static readonly string[] Statuses = ["draft", "scheduled", "active", "archived"];

    private static readonly ImmutableDictionary<string, string> Columns = new Dictionary<string, string>
    {
        ["id"] = "id", ["key"] = "key, version", ["version"] = "version", ["created_at"] = "created_at", ["updated_at"] = "updated_at",
    }.ToImmutableDictionary();

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/api/v1/plans", ListAsync).RequireScope(Scope.CatalogRead)
            .WithName("listPlans").WithSummary("List versions of plans").Produces<Page<PlanView>>()
            .WithQueryParameter(KeyVersions.Parameter, "Only these versions of the plan with that key.", isList: true);
        routes.MapGet("/api/v1/plans/{planIdOrKey}", GetAsync).RequireScope(Scope.CatalogRead)
            .WithName("getPlan").WithSummary("Read a version of a plan").Produces<PlanView>();
    }

    private static async Task<IResult> GetAsync(
        string planIdOrKey, bool? includeLatest, MeteringDatabase database, MeterCatalog meters, IClock clock, CancellationToken cancellationToken)
    {
        var now = clock.GetCurrentInstant();
        await using var session = await database.OpenAsync(cancellationToken);
        return await PlanRow.FindAsync(session, planIdOrKey, now, includeLatest ?? false, cancellationToken) is { } row
            ? Results.Ok(await PlanView.OfAsync(row, session, meters, now, cancellationToken)).WithTag(row.Tag)
            : Problem.NotFound("plan", planIdOrKey);
    }

    private static async Task<IResult> ListAsync(
        PageRequest page, [FromQuery] string[]? id, [FromQuery] string[]? key, [FromQuery] string[]? status, [FromQuery] string[]? currency,
        string? order, string? orderBy, HttpRequest request, MeteringDatabase database, MeterCatalog meters, IClock clock,
        CancellationToken cancellationToken)
    {
        if (KeyVersions.TryRead(request.Query, out var versions) is { } unread)
        {
            return Problem.Invalid(unread);
        }

        if (SortOrder.TryRead(order, orderBy, Columns, "key", "id", out var orderSql) is { } unknown)
        {
            return Problem.Invalid(unknown);
        }

        if (status?.FirstOrDefault(one => !Statuses.Contains(one)) is not null)
        {
            return Problem.Invalid("?status", "unknown_status", "A status is one of " + string.Join(", ", Statuses) + ".");
        }

        var now = clock.GetCurrentInstant();
        var ids = (id ?? []).Select(text => PublicId.TryParse(text, out var known) ? known : Guid.Empty).ToArray();
        var filter = new { now, ids, key = key ?? [], status = status ?? [], currency = currency ?? [], versions.Keys, versions.Numbers };
        await using var session = await database.OpenAsync(cancellationToken);
        var (rows, total) = await Page.RowsAsync<PlanRow>(
            session, page, PlanRow.SelectSql + FilterSql + orderSql, CountSql, filter, cancellationToken);
        return Results.Ok(page.Of(await PlanView.OfAsync(rows, session, meters, now, cancellationToken), total));
    }

    private const string FilterSql = """

        where (cardinality(@ids) = 0 or id = any(@ids))
          and (cardinality(@key) = 0 or key = any(@key))
          and (cardinality(@Keys) = 0 or (key, version) in (select * from unnest(@Keys, @Numbers)))
          and (cardinality(@currency) = 0 or currency = any(@currency))
          and (cardinality(@status) = 0
            or case
                when effective_from is null then 'draft'
                when effective_to <= @now then 'archived'
                when effective_from > @now then 'scheduled'
                else 'active'
            end = any(@status))
        """;

    private const string CountSql = "select count(*) from subscriptions.plan" + FilterSql;
}
