using System.Diagnostics;
using System.Text.Json;
using Metering.Platform.Database;
using Metering.Platform.Http;
using Metering.Platform.Identifiers;
using Metering.Platform.Requests;

namespace Metering.Platform.Auditing;

/// <summary>Who changed what, for ever: an entry is written in the transaction of its change and is never altered.</summary>
public static class AuditTrail
{
    /// <summary>The actor is who asked (<see cref="Actor.Current"/>), and the entry exists if and only if the session commits.</summary>
    public static async Task RecordAsync(DbSession session, AuditEntry entry, CancellationToken cancellationToken)
    {
        var actor = Actor.Current;
        var parameters = new
        {
            id = PublicId.New(entry.At),
            entry.At,
            kind = actor.Kind,
            actorId = actor.Id,
            actor.Name,
            actor.Role,
            entry.Action,
            entry.ResourceType,
            entry.ResourceId,
            before = ToJson(entry.Before),
            after = ToJson(entry.After),
            traceId = Activity.Current?.TraceId.ToString(),
        };
        await session.ExecuteAsync(InsertSql, parameters, cancellationToken);
        RequestContext.Current?.Recorded(entry.Action);
    }

    private static string? ToJson(object? document) =>
        document is null ? null : JsonSerializer.Serialize(document, document.GetType(), MeteringJson.Options);

    private const string InsertSql = """
        insert into platform.audit_entry
            (id, at, actor_kind, actor_id, actor_name, actor_role, action, resource_type, resource_id, before, after, trace_id)
        values
            (@id, @At, @kind, @actorId, @Name, @Role, @Action, @ResourceType, @ResourceId, @before::jsonb, @after::jsonb, @traceId)
        """;
}
