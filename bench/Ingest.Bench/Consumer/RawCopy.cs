using Metering.Ingest.Events;
using Metering.Ingest.Recording;
using Metering.Platform.Database;
using Npgsql;

namespace Metering.Ingest.Bench.Consumer;

/// <summary>The yardstick: the same columns by binary COPY into a table without index, dedupe or roll-up.</summary>
internal sealed class RawCopy(string type) : RecordingWay
{
    private const byte JsonbVersion = 1;

    public override string Name => $"raw binary COPY, data as {type}, no index, no dedupe, no roll-up";

    private string Table => $"raw_{type}";

    public override Task PrepareAsync(NpgsqlDataSource source, CancellationToken cancellationToken) => ExecuteAsync(source, $"""
        drop table if exists {Table};
        create table {Table} (
            key uuid not null, batch bigint not null, time timestamptz not null, type text not null, subject text not null,
            source text not null, id text not null, data {type}, extensions text, validation_error text)
        """, cancellationToken);

    public override async Task WriteAsync(NpgsqlDataSource source, UsageEvent[] batch, CancellationToken cancellationToken)
    {
        await using var session = await new MeteringDatabase(source).BeginAsync(cancellationToken);
        await using var rows = await CopyRows.BeginAsync(
            session, $"copy {Table} (key, batch, time, type, subject, source, id, data, extensions, validation_error) from stdin (format binary)",
            cancellationToken);
        foreach (var usageEvent in batch)
        {
            await rows.StartRowAsync(10, cancellationToken);
            rows.Write(usageEvent.Key);
            rows.Write(1L);
            rows.Write(usageEvent.Time);
            rows.Write(usageEvent.Type);
            rows.Write(usageEvent.Subject);
            rows.Write(usageEvent.Source);
            rows.Write(usageEvent.Id);
            if (type == "jsonb")
            {
                rows.WriteUtf8([JsonbVersion, .. usageEvent.Data.Span]);
            }
            else
            {
                rows.WriteUtf8(usageEvent.Data.Span);
            }

            rows.Null();
            rows.Null();
        }

        await rows.CompleteAsync(cancellationToken);
        await session.CommitAsync(cancellationToken);
    }
}
