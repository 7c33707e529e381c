using Metering.Ingest.Events;
using Metering.Platform.Database;
using NodaTime;

namespace Metering.Ingest.Recording;

/// <summary>Keeps what was accepted and can not be an event. The same body rejected again is one row.</summary>
internal static class RejectedTable
{
    public static Task AddAsync(
        DbSession session, Instant now, string? source, string? id, string reason, string body, CancellationToken cancellationToken)
    {
        var parameters = new { bodyHash = Digest.Of(body), now, source = Storable(source), id = Storable(id), reason, body = Storable(body) };
        return session.ExecuteAsync(InsertSql, parameters, cancellationToken);
    }

    /// <summary>PostgreSQL's text holds every character but one.</summary>
    private static string? Storable(string? text) => text?.Replace('\0', '\uFFFD');

    private const string InsertSql = """
        insert into ingest.rejected_event (body_hash, recorded_at, source, id, reason, body)
        values (@bodyHash, @now, @source, @id, @reason, @body)
        on conflict (body_hash) do nothing
        """;
}
