using System.Text.Json;
using Metering.Platform.Database;
using Metering.Platform.Http;
using Metering.Platform.Identifiers;
using Metering.Platform.Problems;
using Metering.Platform.Requests;
using Metering.Platform.Security;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using NodaTime;

namespace Metering.Platform.Auditing;

/// <summary><c>GET /api/v1/audit</c>: who changed what, latest first. <c>from</c> is inclusive, <c>to</c> exclusive.</summary>
internal static class ListAuditEntries
{
    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/api/v1/audit", ListAsync).RequireScope(Scope.AuditRead)
        .WithName("listAuditEntries").WithSummary("List who changed what").Produces<CursorPage<AuditView>>();

    private static async Task<IResult> ListAsync(
        CursorRequest<long> page, string? resourceType, string? resourceId, string? actor, string? action, string? from, string? to,
        MeteringDatabase database, CancellationToken cancellationToken)
    {
        if (InstantConverter.TryReadParameter("from", from, out var start) is { } noStart)
        {
            return Problem.Invalid(noStart);
        }

        if (InstantConverter.TryReadParameter("to", to, out var end) is { } noEnd)
        {
            return Problem.Invalid(noEnd);
        }

        var filter = new { resourceType, resourceId, actor, action, start, end };
        return await CursorPage.OfAsync(
            database, page, ListSql, filter, (AuditRow row) => new Cursor<long>(row.Number, row.Id), row => row.ToView(), cancellationToken);
    }

    private const string ListSql = """
        select number, id, at, actor_kind as actorKind, actor_id as actorId, actor_name as actorName, actor_role as actorRole, action,
               resource_type as resourceType, resource_id as resourceId, before::text as before, after::text as after, trace_id as traceId
        from platform.audit_entry
        where (@afterId::uuid is null or (number, id) < (@afterKey, @afterId))
          and (@resourceType::text is null or resource_type = @resourceType)
          and (@resourceId::text is null or resource_id = @resourceId)
          and (@actor::text is null or actor_id = @actor)
          and (@action::text is null or action = @action)
          and (@start::timestamptz is null or at >= @start)
          and (@end::timestamptz is null or at < @end)
        order by number desc, id desc
        """;

    private sealed record AuditRow(
        long Number, Guid Id, Instant At, string ActorKind, string ActorId, string ActorName, string? ActorRole, string Action,
        string ResourceType, string ResourceId, string? Before, string? After, string? TraceId)
    {
        public AuditView ToView() => new(
            PublicId.Format(Id), At, new Actor(ActorKind, ActorId, ActorName, ActorRole), Action, ResourceType, ResourceId,
            Json(Before), Json(After), TraceId);

        private static JsonElement? Json(string? text) => text is null ? null : JsonElement.Parse(text, new JsonDocumentOptions { MaxDepth = 128 });
    }

    /// <param name="TraceId">The same as in the <c>instance</c> of a problem and in the log.</param>
    private sealed record AuditView(
        string Id, Instant At, Actor Actor, string Action, string ResourceType, string ResourceId, JsonElement? Before, JsonElement? After,
        string? TraceId);
}
