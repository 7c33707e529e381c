using Metering.Platform.Database;
using Metering.Platform.Http;
using Metering.Platform.Identifiers;
using Metering.Platform.Problems;
using Metering.Platform.Security;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;

namespace Metering.Subscriptions.Addons;

/// <summary><c>GET /api/v1/addons</c> (every version) and <c>/{addonId}</c>; a key means the version in force, or else the newest.</summary>
internal static class GetAddons
{
    private static readonly string[] Statuses = ["draft", "active", "archived"];

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/api/v1/addons", ListAsync).RequireScope(Scope.CatalogRead);
        routes.MapGet("/api/v1/addons/{addonId}", GetAsync).RequireScope(Scope.CatalogRead);
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
        [FromQuery] string[]? currency, string? order, string? orderBy, MeteringDatabase database, CancellationToken cancellationToken)
    {
        if (status?.FirstOrDefault(one => !Statuses.Contains(one)) is not null)
        {
            return Problem.Invalid("?status", "unknown_status", "A status is one of " + string.Join(", ", Statuses) + ".");
        }

        var ids = (id ?? []).Select(text => PublicId.TryParse(text, out var known) ? known : Guid.Empty).ToArray();
        var column = orderBy switch
        {
            null or "key" => "a.key",
            "id" => "a.id",
            "version" => "a.version",
            "created_at" => "a.created_at",
            "updated_at" => "a.updated_at",
            _ => null,
        };
        if (column is null || order is not (null or "ASC" or "DESC"))
        {
            return Problem.Invalid(
                column is null ? "?orderBy" : "?order", "unknown_order",
                "Add-ons are ordered by id, key, version, created_at or updated_at, ASC or DESC.");
        }

        var direction = order == "DESC" ? "desc" : "asc";
        var filter = new { ids, key = key ?? [], status = status ?? [], currency = currency ?? [] };
        return await Page.OfAsync(
            database, page, $"{AddonRow.SelectSql}{FilterSql} order by {column} {direction}, a.version {direction}", CountSql, filter,
            (AddonRow row) => row.ToView(), cancellationToken);
    }

    private const string FilterSql = """

        where (cardinality(@ids) = 0 or a.id = any(@ids))
          and (cardinality(@key) = 0 or a.key = any(@key))
          and (cardinality(@currency) = 0 or a.currency = any(@currency))
          and (cardinality(@status) = 0
            or case when effective_from is null then 'draft' when effective_to is null then 'active' else 'archived' end = any(@status))
        """;

    private const string CountSql = "select count(*) from subscriptions.addon a" + FilterSql;
}
