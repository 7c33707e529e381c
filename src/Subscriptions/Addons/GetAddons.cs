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
            ? Results.Ok(row.ToView())
            : Problem.NotFound("add-on", addonId);
    }

    private static async Task<IResult> ListAsync(
        int? page, int? pageSize, [FromQuery] string[]? id, [FromQuery] string[]? key, [FromQuery] string[]? status,
        [FromQuery] string[]? currency, MeteringDatabase database, CancellationToken cancellationToken)
    {
        if (PageRequest.TryCreate(page, pageSize, out var request) is { } wrong)
        {
            return Problem.Invalid(wrong);
        }

        if (status?.FirstOrDefault(one => !Statuses.Contains(one)) is not null)
        {
            return Problem.Invalid("?status", "unknown_status", "A status is one of " + string.Join(", ", Statuses) + ".");
        }

        var ids = (id ?? []).Select(text => PublicId.TryParse(text, out var known) ? known : Guid.Empty).ToArray();
        var filter = new
        {
            ids, key = key ?? [], status = status ?? [], currency = currency ?? [], limit = request.Size, offset = request.Offset,
        };
        await using var session = await database.OpenAsync(cancellationToken);
        var rows = await session.QueryAsync<AddonRow>(ListSql, filter, cancellationToken);
        var total = await session.SingleAsync<long>(CountSql, filter, cancellationToken);
        return Results.Ok(new Page<AddonView>([.. rows.Select(row => row.ToView())], total, request.Number, request.Size));
    }

    private const string FilterSql = """

        where (cardinality(@ids) = 0 or a.id = any(@ids))
          and (cardinality(@key) = 0 or a.key = any(@key))
          and (cardinality(@currency) = 0 or a.currency = any(@currency))
          and (cardinality(@status) = 0
            or case when effective_from is null then 'draft' when effective_to is null then 'active' else 'archived' end = any(@status))
        """;

    private const string ListSql = AddonRow.SelectSql + FilterSql + """

        order by a.key, a.version
        limit @limit offset @offset
        """;

    private const string CountSql = "select count(*) from subscriptions.addon a" + FilterSql;
}
