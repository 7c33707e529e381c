using Metering.Ingest.Events;
using Metering.Platform.Database;

namespace Metering.Ingest.Recording;

/// <summary>What events say, in partitions by time. Appended to in the order in which the events came.</summary>
internal sealed class EventTable : IDisposable
{
    private const short Columns = 10;
    private readonly CopyBuffer rows = new();

    /// <param name="validationError">Why a meter of its type could not read it, if one could not.</param>
    public void Add(long batch, UsageEvent usageEvent, string? validationError)
    {
        rows.StartRow(Columns);
        rows.Write(usageEvent.Key);
        rows.Write(batch);
        rows.Write(usageEvent.Time);
        rows.Write(usageEvent.Type);
        rows.Write(usageEvent.Subject);
        rows.Write(usageEvent.Source);
        rows.Write(usageEvent.Id);
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

    public Task SendAsync(DbSession session, CancellationToken cancellationToken) =>
        rows.Rows == 0 ? Task.CompletedTask : rows.SendAsync(session, CopySql, cancellationToken);

    public void Dispose() => rows.Dispose();

    private const string CopySql = """
        copy ingest.event (key, batch, time, type, subject, source, id, data, extensions, validation_error)
        from stdin (format binary)
        """;
}
