using System.Collections.Immutable;
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

namespace Metering.Subscriptions.Addons;

/// <summary><c>GET /api/v1/addons</c> (every version) and <c>/{addonId}</c>; a key means the version in force, or else the newest.</summary>
internal static class GetAddons
{
    private static readonly string[] Statuses = ["draft", "active", "archived"];

    private static readonly ImmutableDictionary<string, string> Columns = new Dictionary<string, string>
    {
        ["id"] = "id", ["key"] = "key, version", ["version"] = "version", ["created_at"] = "created_at", ["updated_at"] = "updated_at",
    }.ToImmutableDictionary();

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/api/v1/addons", ListAsync).RequireScope(Scope.CatalogRead)
            .WithName("listAddons").WithSummary("List versions of add-ons").Produces<Page<AddonView>>()
            .WithQueryParameter(KeyVersions.Parameter, "Only these versions of the add-on with that key.", isList: true);
        routes.MapGet("/api/v1/addons/{addonId}", GetAsync).RequireScope(Scope.CatalogRead)
            .WithName("getAddon").WithSummary("Read a version of an add-on").Produces<AddonView>();
    }

    private static async Task<IResult> GetAsync(string addonId, bool? includeLatest, MeteringDatabase database, CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(cancellationToken);
        return await AddonRow.FindAsync(session, addonId, includeLatest ?? false, cancellationToken) is { } row
            ? Results.Ok(row.ToView()).WithTag(row.Tag)
            : Problem.NotFound("add-on", addonId);
    }

    private static async Task<IResult> ListAsync(
        PageRequest page, [FromQuery] string[]? id, [FromQuery] string[]? key, [FromQuery] string[]? status,
        [FromQuery] string[]? currency, string? order, string? orderBy, HttpRequest request, MeteringDatabase database,
        CancellationToken cancellationToken)
    {
        if (KeyVersions.TryRead(request.Query, out var versions) is { } unread)
        {
            return Problem.Invalid(unread);
        }

        if (status?.FirstOrDefault(one => !Statuses.Contains(one)) is not null)
        {
            return Problem.Invalid("?status", "unknown_status", "A status is one of " + string.Join(", ", Statuses) + ".");
        }

        var ids = (id ?? []).Select(text => PublicId.TryParse(text, out var known) ? known : Guid.Empty).ToArray();
        if (SortOrder.TryRead(order, orderBy, Columns, "key", "id", out var orderSql) is { } unknown)
        {
            return Problem.Invalid(unknown);
        }

        var filter = new { ids, key = key ?? [], status = status ?? [], currency = currency ?? [], versions.Keys, versions.Numbers };
        return await Page.OfAsync(
            database, page, AddonRow.SelectSql + FilterSql + orderSql, CountSql, filter, (AddonRow row) => row.ToView(), cancellationToken);
    }

    private const string FilterSql = """

        where (cardinality(@ids) = 0 or a.id = any(@ids))
          and (cardinality(@key) = 0 or a.key = any(@key))
          and (cardinality(@Keys) = 0 or (a.key, a.version) in (select * from unnest(@Keys, @Numbers)))
          and (cardinality(@currency) = 0 or a.currency = any(@currency))
          and (cardinality(@status) = 0
            or case when effective_from is null then 'draft' when effective_to is null then 'active' else 'archived' end = any(@status))
        """;

    private const string CountSql = "select count(*) from subscriptions.addon a" + FilterSql;
}
