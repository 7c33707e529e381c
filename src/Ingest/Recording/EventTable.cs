using Metering.Ingest.Events;
using Metering.Platform.Database;
using NpgsqlTypes;

namespace Metering.Ingest.Recording;

/// <summary>Looks up which events are known, and appends new ones by COPY in order of their keys.</summary>
internal static class EventTable
{
    /// <returns>Key → payload hash of those that are stored already.</returns>
    public static async Task<Dictionary<Guid, Guid>> FindKnownAsync(DbSession session, Guid[] keys, CancellationToken cancellationToken)
    {
        var rows = await session.QueryAsync<KnownEvent>(KnownSql, new { keys }, cancellationToken);
        return rows.ToDictionary(row => row.Key, row => row.PayloadHash);
    }

    /// <param name="events">Sorted by key: neighbours share index pages, and two writers can not deadlock.</param>
    public static async Task AppendAsync(DbSession session, long batch, IReadOnlyList<NewEvent> events, CancellationToken cancellationToken)
    {
        await using var import = await session.Connection.BeginBinaryImportAsync(CopySql, cancellationToken);
        foreach (var (usageEvent, validationError) in events)
        {
            await import.StartRowAsync(cancellationToken);
            await import.WriteAsync(usageEvent.Key, NpgsqlDbType.Uuid, cancellationToken);
            await import.WriteAsync(usageEvent.PayloadHash, NpgsqlDbType.Uuid, cancellationToken);
            await import.WriteAsync(batch, NpgsqlDbType.Bigint, cancellationToken);
            await import.WriteAsync(usageEvent.Time.ToDateTimeUtc(), NpgsqlDbType.TimestampTz, cancellationToken);
            await import.WriteAsync(usageEvent.Type, NpgsqlDbType.Text, cancellationToken);
            await import.WriteAsync(usageEvent.Subject, NpgsqlDbType.Text, cancellationToken);
            await import.WriteAsync(usageEvent.Source, NpgsqlDbType.Text, cancellationToken);
            await import.WriteAsync(usageEvent.Id, NpgsqlDbType.Text, cancellationToken);
            await (usageEvent.Data.IsEmpty
                ? import.WriteNullAsync(cancellationToken)
                : import.WriteAsync(usageEvent.Data, NpgsqlDbType.Text, cancellationToken));
            await import.WriteAsync(usageEvent.Extensions, NpgsqlDbType.Text, cancellationToken);
            await import.WriteAsync(validationError, NpgsqlDbType.Text, cancellationToken);
        }

        await import.CompleteAsync(cancellationToken);
    }

    private const string KnownSql = """
        select key, payload_hash as payloadHash
        from ingest.event
        where key = any(@keys)
        """;

    private const string CopySql = """
        copy ingest.event (key, payload_hash, batch, time, type, subject, source, id, data, extensions, validation_error)
        from stdin (format binary)
        """;

    private sealed record KnownEvent(Guid Key, Guid PayloadHash);
}

/// <summary>An event that goes in, and why a meter of its type could not read it, if one could not.</summary>
internal readonly record struct NewEvent(UsageEvent Event, string? ValidationError);
