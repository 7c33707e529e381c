using Metering.Ingest.Events;
using Metering.Platform.Database;

namespace Metering.Ingest.Recording;

/// <summary>What events say, in partitions by time, narrow. Appended to in the order in which the events came.</summary>
internal sealed class EventTable : IAsyncDisposable
{
    private const short Columns = 10;
    private readonly CopyRows rows;

    private EventTable(CopyRows rows) => this.rows = rows;

    public static async Task<EventTable> AppendAsync(DbSession session, CancellationToken cancellationToken) =>
        new(await CopyRows.BeginAsync(session, CopySql, cancellationToken));

    /// <param name="validationError">Why a meter of its type could not read it, if one could not.</param>
    public async ValueTask AddAsync(
        long batch, UsageEvent usageEvent, int origin, string? validationError, CancellationToken cancellationToken)
    {
        await rows.StartRowAsync(Columns, cancellationToken);
        rows.Write(usageEvent.Key);
        rows.Write(batch);
        rows.Write(usageEvent.Time);
        rows.Write(origin);
        var isUuid = IsUuid(usageEvent.Id, out var uuid);
        rows.Write(isUuid ? uuid : null);
        rows.Write(isUuid ? null : usageEvent.Id);
        rows.Write(usageEvent.Subject);
        if (usageEvent.Data.IsEmpty)
        {
            rows.Null();
        }
        else
        {
            rows.WriteUtf8(usageEvent.Data.Span);
        }

        rows.Write(usageEvent.Extensions);
        rows.Write(validationError);
    }

    public Task CompleteAsync(CancellationToken cancellationToken) => rows.CompleteAsync(cancellationToken);

    public ValueTask DisposeAsync() => rows.DisposeAsync();

    /// <summary>As PostgreSQL spells it: lowercase, with its four dashes.</summary>
    internal static bool IsUuid(string id, out Guid uuid) =>
        Guid.TryParseExact(id, "D", out uuid) && !id.AsSpan().ContainsAnyInRange('A', 'F');

    private const string CopySql = """
        copy ingest.recorded_event (key, batch, time, origin, id_uuid, id_text, subject, data, extensions, validation_error)
        from stdin (format binary)
        """;
}
